import t from 'tap'
import { allPids, childrenOf, environmentOf, isGuard } from '../rig/proc.ts'
import { alone, inNamespace, needsNamespace } from '../rig/ringmaster.ts'
import { script, supervise } from '../rig/supervise.ts'
import { until } from '../rig/wait.ts'

const stubborn = 'trap "" TERM HUP INT; echo up; while :; do sleep 0.01; done'
const processes = (mark: string) => ({
  plain: script('echo up; exec sleep 1000', { env: { MARK: mark } }),
  stubborn: script(stubborn, { env: { MARK: mark } }),
  // Its children are in its group, and the kernel's own help reaches the main process alone.
  family: script(`(${stubborn}) & (${stubborn.replace('echo up; ', '')}) & wait`, {
    env: { MARK: mark },
  }),
  // What its main process has left holds its stop up.
  ending: script(`(${stubborn.replace('echo up; ', '')}) & echo up; exit 0`, {
    env: { MARK: mark },
    terminationGracePeriodSeconds: 600,
  }),
})

const living = (mark: string) =>
  allPids().filter((pid) => environmentOf(pid)?.includes(`MARK=${mark}`))

t.test('SIGKILL of Ringmaster at a desk leaves nothing of its children', async (t) => {
  const mark = `killed-${process.pid}`
  const ringmaster = await supervise(t, alone, { processes: processes(mark) })
  for (const name of ['plain', 'stubborn', 'family', 'ending']) {
    await ringmaster.line(new RegExp(`^${name}\\.1 \\| up$`))
  }
  await ringmaster.line(/ending\.1 ended/)
  t.ok(living(mark).length >= 6)
  ringmaster.signal('SIGKILL')
  await ringmaster.exit()
  await until(() => living(mark).length === 0)
})

t.test('SIGSTOP of Ringmaster is not its end', async (t) => {
  const mark = `stopped-${process.pid}`
  const ringmaster = await supervise(t, alone, { processes: processes(mark) })
  await ringmaster.line(/^stubborn\.1 \| up$/)
  await ringmaster.line(/^family\.1 \| up$/)
  const children = ringmaster.children()
  ringmaster.signal('SIGSTOP')
  await ringmaster.until(() => ringmaster.state() === 'T')
  t.ok(children.every((pid) => ringmaster.state(pid) !== undefined))
  ringmaster.signal('SIGCONT')
  ringmaster.signal('SIGINT')
  await ringmaster.line(/shuts down/)
  ringmaster.signal('SIGINT')
  t.match(await ringmaster.end(), { code: 0 })
  t.same(living(mark), [])
})

t.test(
  'as PID 1 there is no guard: the namespace ends with it',
  { skip: needsNamespace },
  async (t) => {
    const mark = `pid1-${process.pid}`
    const ringmaster = await supervise(t, inNamespace, { processes: processes(mark) })
    await ringmaster.line(/^stubborn\.1 \| up$/)
    // The log is loaded after a guard would be there.
    await ringmaster.line(/ending\.1 ended/)
    t.notOk(childrenOf(ringmaster.pid).some(({ pid }) => isGuard(pid)))
    ringmaster.signal('SIGKILL')
    await ringmaster.exit()
    await until(() => living(mark).length === 0)
  },
)
