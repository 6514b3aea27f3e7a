import t from 'tap'
import { refuseRoot } from '../../../src/plan/root.ts'
import { toPlan } from '../../../src/plan/to-plan.ts'

const plan = toPlan(
  {
    processes: {
      silent: { command: ['a'], replicas: 2 },
      root: { command: ['a'], securityContext: { runAsUser: 0 } },
      user: { command: ['a'], securityContext: { runAsUser: 'app' } },
      group: { command: ['a'], securityContext: { runAsGroup: 0 } },
    },
  },
  { isKubernetes: false, envFile: {} },
)

t.test(
  'root is refused for each process that does not name its user, with the lines to choose from',
  async (t) => {
    const text = (name: string) =>
      `cannot start ${name} as root unasked. Write one of these two lines under processes.${name}.securityContext:\n  runAsUser: 65534\n  runAsUser: 0`
    t.strictSame(refuseRoot(plan, 0), [text('silent'), text('group')])
  },
)

t.test('nobody else is refused', async (t) => {
  t.strictSame(refuseRoot(plan, 1000), [])
})
