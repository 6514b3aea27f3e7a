import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { installWith } from '../rig/installation.ts'
import { alone } from '../rig/ringmaster.ts'
import { script, supervise } from '../rig/supervise.ts'

for (const [rule, file, spoil] of [
  ['an addon that is missing', 'ringmaster.node', (path: string) => rmSync(path)],
  ['an addon for another machine', 'ringmaster.node', (path: string) => writeFileSync(path, '?')],
  ['an exec helper that is missing', 'ringmaster-exec', (path: string) => rmSync(path)],
] as const) {
  t.test(`${rule} is one line with code 70`, async (t) => {
    const program = installWith(t, '')
    spoil(join(program, '../../build', file))
    for (const ringmaster of [
      await alone(t, ['exec', '--', 'true'], { program }),
      await supervise(t, alone, { processes: { web: script('echo never') } }, { program }),
    ]) {
      const { code, stdout, stderr } = await ringmaster.end()
      t.same({ code, stdout }, { code: 70, stdout: '' })
      t.match(stderr, /^ringmaster: cannot (load|execute) .*"npm run build".*\n$/)
    }
  })
}
