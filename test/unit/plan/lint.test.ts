// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import t from 'tap'
import type { Config } from '../../../src/config/schema.ts'
import { lint } from '../../../src/plan/lint.ts'
import { toPlan } from '../../../src/plan/to-plan.ts'

function warnings(config: Config, uid = 1000): readonly string[] {
  return lint(config, toPlan(config, { isKubernetes: false, envFile: {} }), uid, 511)
}

t.test(
  'a config that does as it reads has no warnings, nor have its silent defaults',
  async (t) => {
    t.same(warnings({ processes: { web: { command: ['a'] } } }), [])
    t.same(
      warnings({
        shutdown: { drainSeconds: 5, terminationGracePeriodSeconds: 60 },
        processes: { web: { command: ['a'], terminationGracePeriodSeconds: 50 } },
      }),
      [],
    )
  },
)

t.test('a surge that has no ports, or no log files, is told', async (t) => {
  const of = (fields: object) =>
    warnings({ processes: { web: { command: ['a'], strategy: { maxSurge: 1 }, ...fields } } })
  t.same(of({}), [])
  t.same(of({ ports: [{ containerPort: '80${instance.number}' }] }), [])
  t.match(of({ ports: [{ containerPort: 80 }] }), [/^processes\.web\.strategy\.maxSurge: a new/])
  t.same(of({ ports: [{ containerPort: 80 }], sockets: ['web'] }), [])
  t.same(of({ ports: [{ containerPort: 80 }], strategy: { type: 'Recreate' } }), [])
  t.same(of({ ports: [{ containerPort: 80 }], strategy: { maxSurge: '0%' } }), [])
  t.match(of({ logs: { stdout: { file: '/log' } } }), [/no more than 1, for want of/])
})

t.test(
  'a written time that does not fit into the shutdown is told with what it may become',
  async (t) => {
    t.same(
      warnings({
        shutdown: { drainSeconds: 18, terminationGracePeriodSeconds: 10 },
        processes: {
          // Named as a step of the shutdown is.
          drain: { command: ['a'], terminationGracePeriodSeconds: 17 },
          silent: { command: ['a'] },
        },
      }),
      [
        "shutdown.drainSeconds: 18 s may become 4.5 s: of the shutdown's 10 s, 9 s can be used",
        "processes.drain.terminationGracePeriodSeconds: 17 s may become 4.3 s: of the shutdown's 10 s, 9 s can be used",
      ],
    )
  },
)

t.test('what only the pod can do is told', async (t) => {
  const securityContext = { privileged: true, readOnlyRootFilesystem: true }
  t.same(warnings({ processes: { web: { command: ['a'], securityContext } } }), [
    'processes.web.securityContext.readOnlyRootFilesystem: only the pod can do that',
    'processes.web.securityContext.privileged: only the pod can do that',
  ])
  const harmless = { privileged: false, readOnlyRootFilesystem: false }
  t.same(warnings({ processes: { web: { command: ['a'], securityContext: harmless } } }), [])
})

t.test('a TERM that does not end Ringmaster is told', async (t) => {
  const processes = { web: { command: ['a'] as [string] } }
  for (const action of ['ignore', 'forward', 'SIGUSR1']) {
    t.match(warnings({ signals: { SIGTERM: action }, processes }), [/^signals\.SIGTERM: /], action)
  }
  t.same(warnings({ signals: { SIGTERM: 'SIGQUIT' }, processes }), [])
})

t.test('a process that says nothing of its user is told to root', async (t) => {
  const processes = {
    web: { command: ['a'] as [string] },
    api: { command: ['a'] as [string], securityContext: { runAsUser: 0 } },
    none: { command: ['a'] as [string], securityContext: { runAsUser: 0 } },
  }
  t.match(warnings({ processes }, 0), [/^processes\.web\.securityContext\.runAsUser: not written/])
  t.equal(warnings({ processes }, 0).length, 1)
  t.same(warnings({ processes }, 1000), [])
})

t.test('a dependency that may be waited for for ever is told', async (t) => {
  const web = { command: ['a'] as [string] }
  const table = [
    [{ db: 'succeeded' }, {}, 'it never succeeds, because its restartPolicy is Always'],
    [{ db: 'succeeded' }, { shutdownOnExit: true }, null],
    [{ db: 'succeeded' }, { restartPolicy: 'Never' }, null],
    [['db'], { replicas: 0 }, 'it has no instances'],
    [['db'], { essential: false }, 'when it has failed, web waits for ever'],
    [['db'], {}, null],
  ] as const
  for (const [dependsOn, db, expected] of table) {
    const processes = { web: { ...web, dependsOn }, db: { ...web, ...db } }
    const found = warnings({ processes })
    t.equal(found.length, expected === null ? 0 : 1, JSON.stringify(processes))
    if (expected) t.match(found[0], `processes.web.dependsOn.db: ${expected}`)
  }
  const processes = {
    web: { ...web, essential: false, dependsOn: ['db'] },
    db: { ...web, essential: false },
  }
  t.same(warnings({ processes }), [])
})

t.test('a group that goes against the dependencies is told', async (t) => {
  const processes = {
    web: { command: ['a'] as [string], dependsOn: ['db'] },
    db: { command: ['a'] as [string] },
  }
  const group = (members: readonly string[], strategy: 'OneForOne' | 'OneForAll') =>
    warnings({ groups: { all: { processes: members, strategy } }, processes })
  t.same(group(['web', 'db'], 'OneForAll'), [
    'groups.all.processes: web stands before db, which it depends on',
  ])
  t.same(group(['db', 'web'], 'OneForAll'), [])
  t.same(group(['web', 'db'], 'OneForOne'), [])
})

t.test('a preStop that sleeps longer than its grace allows is told', async (t) => {
  const web = (seconds: number) => ({
    web: { command: ['a'] as [string], lifecycle: { preStop: { sleep: { seconds } } } },
  })
  t.same(warnings({ processes: web(9) }), [])
  t.same(warnings({ processes: web(9.5) }), [
    'processes.web.lifecycle.preStop.sleep.seconds: 9.5 s is cut to 9 s: it counts inside the grace of 10 s',
  ])
})

t.test('a socket that nobody has is told, and a backlog that the kernel cuts', async (t) => {
  t.same(
    warnings({
      sockets: {
        idle: { port: 1 },
        web: { port: 2, backlog: 512 },
        api: { port: 3, backlog: 511 },
      },
      processes: { web: { command: ['a'], sockets: ['web', 'api'] } },
    }),
    [
      'sockets.idle: no process has it, so that who connects waits for ever',
      "sockets.web.backlog: 512 is cut to 511, the kernel's net.core.somaxconn",
    ],
  )
})

t.test('a process that is started by connections never succeeds', async (t) => {
  t.same(
    warnings({
      sockets: { web: { port: 2 } },
      processes: {
        web: { command: ['a'], sockets: ['web'], onDemand: true, restartPolicy: 'Never' },
        job: { command: ['a'], dependsOn: { web: 'succeeded' } },
      },
    }),
    [
      'processes.job.dependsOn.web: it never succeeds, because it is onDemand; so this waits for ever',
    ],
  )
})
