import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { fixture } from '../rig/fixtures.ts'
import { alone, launch, nodeCommand } from '../rig/ringmaster.ts'
import { Running } from '../rig/running.ts'
import { configuration, folder, script, supervise } from '../rig/supervise.ts'

const secret = 'hunter2'

t.test('nothing secret is told, whatever fails', async (t) => {
  const message = join(folder(t), 'termination-log')
  writeFileSync(message, '')
  const once = { restartPolicy: 'Never', essential: false }
  const env = { TOKEN: secret }
  const ringmaster = await supervise(
    t,
    alone,
    {
      logs: { level: 'debug' },
      processes: {
        argument: { command: ['sh', '-c', 'exit 3', '$(TOKEN)'], env, ...once },
        command: { command: ['/no/$(TOKEN)', '--token=$(TOKEN)'], env, ...once },
        folder: { command: ['true'], workingDir: '/no/$(TOKEN)', env, ...once },
        own: script('exit 4', once),
      },
    },
    { env: { TOKEN: secret, RINGMASTER_TERMINATION_LOG: message } },
  )
  const { code, stderr } = await ringmaster.end()
  t.not(code, 0)
  t.match(stderr, /ENOENT command=\/no\/\$\(TOKEN\) \(no such file\)/)
  t.match(stderr, /ENOENT workingDir=\/no\/\$\(TOKEN\)/)
  t.notMatch(stderr, secret)
  t.match(readFileSync(message, 'utf8'), /ringmaster ends with code/)
  t.notMatch(readFileSync(message, 'utf8'), secret)
})

t.test('a person at a terminal sees what is wrong in colour, unless told not to', async (t) => {
  const path = configuration(t, {
    processes: { web: script('exit 3', { restartPolicy: 'Never' }) },
  })
  const texts = await Promise.all(
    [{ TERM: 'xterm' }, { TERM: 'xterm', NO_COLOR: '1' }, { TERM: 'dumb' }].map(async (env) => {
      const command = [fixture('pty'), ...nodeCommand(['run', path])]
      const user = { TEST_USER: `${process.getuid?.()}` }
      return (await launch(t, command, Running, { stdio, env: { ...user, ...env } }).end()).stdout
    }),
  )
  const error = 'error: web.1 ended: code 3; not started again'
  t.match(texts[0], `\x1b[31m${error}\x1b[0m`)
  for (const text of texts.slice(1)) {
    t.match(text, error)
    t.notMatch(text, '\x1b')
  }
})

t.test('at a terminal a prefix has the colour of its process, and none elsewhere', async (t) => {
  const path = configuration(t, {
    processes: {
      web: script('echo here', { restartPolicy: 'Never' }),
      db: script('echo there', { restartPolicy: 'Never' }),
    },
  })
  const user = { TEST_USER: `${process.getuid?.()}` }
  const printed = async (by: readonly string[], env: Record<string, string>) => {
    const command = [...by, ...nodeCommand(['run', path])]
    return (await launch(t, command, Running, { stdio, env: { ...user, ...env } }).end()).stdout
  }
  const terminal = [fixture('pty')]
  const onTerminal = await printed(terminal, { TERM: 'xterm' })
  t.match(onTerminal, '\x1b[36mweb.1 |\x1b[0m here')
  t.match(onTerminal, '\x1b[33mdb.1 |\x1b[0m there')
  t.match(await printed(terminal, { TERM: 'xterm', NO_COLOR: '1' }), /^web\.1 \| here/m)
  t.match(await printed([], { TERM: 'xterm' }), /^web\.1 \| here/m)
  t.match(await printed([], { FORCE_COLOR: '1' }), '\x1b[36mweb.1 |\x1b[0m here')
})

t.test('-v has the log tell all, whatever its level', async (t) => {
  const path = configuration(t, {
    logs: { level: 'error' },
    processes: { web: script('exit 0', { restartPolicy: 'Never' }) },
  })
  const user = { TEST_USER: `${process.getuid?.()}` }
  const logOf = async (...flags: string[]) => {
    const command = nodeCommand(['run', ...flags, path])
    return (await launch(t, command, Running, { stdio, env: { ...user } }).end()).stderr
  }
  t.equal(await logOf(), '')
  t.match(await logOf('-v'), /"level":"debug"/)
})

const stdio = ['pipe', 'pipe', 'pipe', 'pipe'] as const
