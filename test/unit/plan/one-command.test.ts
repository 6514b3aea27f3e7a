import t from 'tap'
import { type OneCommand, planOneCommand } from '../../../src/plan/one-command.ts'

function plan(given: Partial<OneCommand> = {}) {
  const request = { command: ['app'] as const, restartPolicy: 'OnFailure', isInteractive: false }
  return planOneCommand({ ...request, ...given } as OneCommand, {
    isKubernetes: false,
    envFile: {},
  })
}

t.test(
  'one process, whose end is that of Ringmaster, and whose first start is final',
  async (t) => {
    const { processes, signals } = plan({ user: 'app', group: 7 })
    t.match(processes, [
      {
        name: 'app',
        isShutdownOnExit: true,
        isFirstStartFinal: true,
        restartPolicy: 'OnFailure',
        template: {
          stdin: 'null',
          logs: { format: 'raw', stdout: 'capture', stderr: 'capture' },
          security: { user: 'app', group: 7 },
        },
      },
    ])
    t.equal(processes.length, 1)
    t.same(signals[1], { action: 'forward', signal: 1 }, 'HUP')
  },
)

t.test('an interactive one has all three descriptors', async (t) => {
  const [process] = plan({ isInteractive: true }).processes
  t.match(process?.template, {
    ...{ stdin: 'inherit', logs: { stdout: 'inherit', stderr: 'inherit' } },
  })
})

t.test('no variable stands in its words', async (t) => {
  const [process] = plan({ command: ['a$b', '$(HOME)', '$$'] }).processes
  t.same(process?.template.command, ['a$$b', '$$(HOME)', '$$$$'])
})

t.test('the process is named after the file, as far as that is a name', async (t) => {
  for (const [command, name] of [
    ['/usr/bin/python3', 'python3'],
    ['./my app.sh', 'my-app-sh'],
    ['_x_', 'x'],
    ['all', 'command'],
    ['...', 'command'],
    ['/bin/', 'command'],
    ['a'.repeat(100), 'a'.repeat(63)],
  ] as const) {
    t.equal(plan({ command: [command] }).processes[0]?.name, name, command)
  }
})

t.test('the endpoint is as usual, elsewhere, or off', async (t) => {
  t.same(plan().http, { host: '::', port: 9099 })
  t.same(plan({ http: { port: 0 } }).http, { host: '::', port: 0 })
  t.equal(plan({ http: false }).http, null)
})

t.test('what it is asked over HTTP is taken as it is', async (t) => {
  const readiness = { host: null, port: 8080, path: '/ready?$$a', scheme: 'HTTP' } as const
  const liveness = { host: '::1', port: 8443, path: '/', scheme: 'HTTPS' } as const
  const [process] = plan({ readiness, liveness }).processes
  t.match(process?.template.checks, {
    readiness: { kind: 'http', host: null, port: '8080', path: '/ready?$$$$a', scheme: 'HTTP' },
    liveness: { kind: 'http', host: '::1', port: '8443', scheme: 'HTTPS' },
  })
  t.same(plan().processes[0]?.template.checks, {})
})
