// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import t from 'tap'
import { toPlan } from '../../../src/plan/to-plan.ts'

t.test('a silent config is filled in with the defaults, in ms', async (t) => {
  t.strictSame(toPlan({ processes: { web: { command: ['a'] } } }), {
    http: { host: '::', port: 9099 },
    logs: { format: 'prefix' },
    processes: [
      {
        name: 'web',
        restartPolicy: 'Always',
        backoff: { initialMs: 100, factor: 2, maxMs: 30_000, jitter: 0.1, resetAfterMs: 10_000 },
        stopSignal: 15,
        graceMs: 10_000,
        instances: [
          {
            name: 'web.1',
            process: 'web',
            number: 1,
            command: ['a'],
            env: {},
            workingDir: null,
            runAsUser: null,
            runAsGroup: null,
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
  t.strictSame(plan.logs, { format: 'raw' })
  const [web, api] = plan.processes
  t.strictSame(web, {
    name: 'web',
    restartPolicy: 'Never',
    backoff: { initialMs: 100, factor: 2, maxMs: 1500, jitter: 0.1, resetAfterMs: 10_000 },
    stopSignal: 2,
    graceMs: 250,
    instances: [],
  })
  t.match(api?.instances, [{ command: ['a', 'b', 'c'], runAsUser: 0, runAsGroup: 'staff' }])
})

t.test('http: false is no endpoint', async (t) => {
  t.equal(toPlan({ http: false, processes: { web: { command: ['a'] } } }).http, null)
})

t.test('each instance has its own values, put in once', async (t) => {
  const all = '${process.name} ${instance.name} ${instance.number}'
  const [web] = toPlan({
    processes: {
      web: {
        command: ['${process.name}', all],
        args: ['$${instance.name} $$$$ $HOME ${A}'],
        env: { NAME: all, ['__proto__']: '$$' },
        workingDir: '/data/${instance.number}',
        replicas: 2,
      },
    },
  }).processes
  t.strictSame(
    web?.instances.map(({ command, workingDir }) => [...command, workingDir]),
    [
      ['web', 'web web.1 1', '${instance.name} $$ $HOME ${A}', '/data/1'],
      ['web', 'web web.2 2', '${instance.name} $$ $HOME ${A}', '/data/2'],
    ],
  )
  t.strictSame(Object.entries(web?.instances[1]?.env ?? {}), [
    ['NAME', 'web web.2 2'],
    ['__proto__', '$'],
  ])
})
