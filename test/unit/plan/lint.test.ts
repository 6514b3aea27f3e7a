import t from 'tap'
import type { Config } from '../../../src/config/schema.ts'
import { lint } from '../../../src/plan/lint.ts'
import { toPlan } from '../../../src/plan/to-plan.ts'

function warnings(config: Config): readonly string[] {
  return lint(config, toPlan(config, { isKubernetes: false, envFile: {} }))
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
