import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { readRevisions } from '../../src/os/revision-file.ts'
import { command } from './control.ts'
import { alone, type Setting, type Start } from './ringmaster.ts'
import type { Running } from './running.ts'
import { folder, script } from './supervise.ts'

/** A process that says which version of it runs. */
export const web = (version: string, fields: object = {}) =>
  script('echo is $VERSION; exec sleep 1000', {
    ...{ env: { VERSION: version }, securityContext: { runAsUser: process.getuid?.() } },
    ...fields,
  })

/** A folder with a configuration, whose revisions are kept in `state` beside it. */
export function place(t: Test) {
  const home = folder(t)
  const [state, file, socket] = ['state', 'ringmaster.yaml', 'socket'].map((name) =>
    join(home, name),
  ) as [string, string, string]
  mkdirSync(state)
  const write = (processes: object, fields: object = {}, path = file) => {
    const config = { http: false, control: { socket }, stateDir: 'state', ...fields, processes }
    writeFileSync(path, JSON.stringify(config))
    return path
  }
  const ask = (...args: string[]) => command([...args, '--socket', socket])
  return {
    ...{ state, file, write, ask, revisions: join(state, 'revisions.jsonl') },
    /** Starts on version `version` of web. */
    async start(version: string, how: Start = alone, setting: Setting = {}): Promise<Running> {
      write({ web: web(version) })
      const ringmaster = await how(t, ['run', file], setting)
      await ringmaster.line(new RegExp(`^web\\.1 \\| is ${version}$`))
      await ringmaster.until(() => existsSync(socket))
      return ringmaster
    },
    /** `NUMBER BY CHANGES` of each revision, the one of now with a star. */
    history: () =>
      ask('rollout', 'history')
        .stdout.split('\n')
        .slice(1, -1)
        .map((line) => line.split(/ {2,}/))
        .map(([, number, , , by, changes = '']) =>
          `${number} ${by?.split(' ')[0]} ${changes}`.trim(),
        ),
    /** Revisions as the next start would find them. */
    kept: () => readRevisions(state, (problem) => t.fail(problem)),
  }
}

/** It ends as it was asked to. */
export async function stop(t: Test, ringmaster: Running): Promise<void> {
  ringmaster.signal('SIGTERM')
  t.match(await ringmaster.exit(), { code: 0 })
}
