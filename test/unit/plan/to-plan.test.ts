// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import t from 'tap'
import { toPlan } from '../../../src/plan/to-plan.ts'

t.test('a silent config is filled in with the defaults, in ms', async (t) => {
  t.strictSame(toPlan({ processes: { web: { command: ['a'] } } }), {
    http: { host: '::', port: 9099 },
    logs: { level: 'info' },
    shutdown: { drainMs: 0, graceMs: 10_000 },
    signals: {},
    dropsSelf: true,
    processes: [
      {
        name: 'web',
        autoStart: true,
        startDelayMs: 0,
        restartPolicy: 'Always',
        successExitCodes: [0],
        backoff: { initialMs: 100, factor: 2, maxMs: 30_000, jitter: 0.1, resetAfterMs: 10_000 },
        restartLimit: null,
        isFirstStartFinal: false,
        isEssential: true,
        isShutdownOnExit: false,
        stopSignal: 15,
        graceMs: 10_000,
        killMode: 'staged',
        instances: [
          {
            name: 'web.1',
            process: 'web',
            number: 1,
            command: ['a'],
            inheritEnv: true,
            env: {},
            workingDir: null,
            stdin: 'null',
            logs: { format: 'prefix', stdout: 'capture', stderr: 'capture' },
            security: {
              user: null,
              group: null,
              supplementalGroups: [],
              isNonRoot: false,
              allowsPrivilegeEscalation: false,
              capabilities: null,
            },
            resources: { rlimits: {}, nice: null, umask: null, oomScoreAdj: null },
          },
        ],
      },
    ],
  })
})

t.test('what is written wins over the defaults, field by field', async (t) => {
  const plan = toPlan({
    http: { port: 0 },
    logs: { format: 'raw' },
    processes: {
      web: {
        command: ['a', 'b'],
        args: ['c'],
        replicas: 0,
        restartPolicy: 'Never',
        backoff: { maxSeconds: 1.5 },
        stopSignal: 2,
        terminationGracePeriodSeconds: 0.25,
      },
      api: {
        command: ['a', 'b'],
        args: ['c'],
        securityContext: { runAsUser: 0, runAsGroup: 'staff' },
      },
    },
  })
  t.strictSame(plan.http, { host: '::', port: 0 })
  const [web, api] = plan.processes
  t.match(web, {
    name: 'web',
    restartPolicy: 'Never',
    backoff: { initialMs: 100, factor: 2, maxMs: 1500, jitter: 0.1, resetAfterMs: 10_000 },
    stopSignal: 2,
    graceMs: 250,
  })
  t.strictSame(web?.instances, [])
  t.match(api?.instances, [
    {
      command: ['a', 'b', 'c'],
      logs: { format: 'raw' },
      security: { user: 0, group: 'staff' },
    },
  ])
})

t.test('http: false is no endpoint', async (t) => {
  t.equal(toPlan({ http: false, processes: { web: { command: ['a'] } } }).http, null)
})

t.test('each instance has its own values, put in once; dollars and references stay', async (t) => {
  const all = '${process.name} ${instance.name} ${instance.number}'
  const [web] = toPlan({
    processes: {
      web: {
        command: ['${process.name}', all],
        args: ['$${instance.name} $$$$ $HOME ${A} $(B) $$(C)'],
        env: { NAME: all, ['__proto__']: '$$' },
        workingDir: '/data/${instance.number}',
        replicas: 2,
      },
    },
  }).processes
  t.strictSame(
    web?.instances.map(({ command, workingDir }) => [...command, workingDir]),
    [
      ['web', 'web web.1 1', '$${instance.name} $$$$ $HOME ${A} $(B) $$(C)', '/data/1'],
      ['web', 'web web.2 2', '$${instance.name} $$$$ $HOME ${A} $(B) $$(C)', '/data/2'],
    ],
  )
  t.strictSame(Object.entries(web?.instances[1]?.env ?? {}), [
    ['NAME', 'web web.2 2'],
    ['__proto__', '$$'],
  ])
})
