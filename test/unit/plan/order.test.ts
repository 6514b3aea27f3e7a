import t from 'tap'
import { inStartOrder, startedAtOnce } from '../../../src/plan/order.ts'
import type { ProcessSpec } from '../../../src/plan/process-spec.ts'
import { processSpec } from '../../rig/specs.ts'

function after(name: string, ...needed: readonly string[]): ProcessSpec {
  const dependsOn = needed.map((process) => ({ process, condition: 'ready' as const }))
  return processSpec(name, { dependsOn })
}

const names = (processes: readonly ProcessSpec[]) => processes.map(({ name }) => name)

t.test('each process comes after those that it depends on', async (t) => {
  const processes = [after('web', 'api', 'cache'), after('api', 'db'), after('db'), after('cache')]
  t.same(names(inStartOrder(processes)), ['db', 'api', 'cache', 'web'])
})

t.test('those that have nothing to do with each other stay as they stand', async (t) => {
  t.same(names(inStartOrder([after('c'), after('a'), after('b')])), ['c', 'a', 'b'])
})

t.test('a diamond is gone through once, and a chain may be long', async (t) => {
  const floors = Array.from({ length: 5000 }, (_, floor) => [
    after(`left${floor}`, `left${floor + 1}`, `right${floor + 1}`),
    after(`right${floor}`, `left${floor + 1}`, `right${floor + 1}`),
  ]).flat()
  const ordered = names(inStartOrder(floors))
  t.equal(ordered.length, 10_000)
  t.same(ordered.slice(0, 2).sort(), ['left4999', 'right4999'])
})

t.test('what is needed is started too, though it does not ask for it', async (t) => {
  const later = (process: ProcessSpec) => ({ ...process, autoStart: false })
  const processes = [after('web', 'api'), later(after('api', 'db')), later(after('db'))]
  t.same([...startedAtOnce(processes)].sort(), ['api', 'db', 'web'])
  const unneeded = [later(after('web', 'db')), later(after('db')), after('cron')]
  t.same([...startedAtOnce(unneeded)], ['cron'])
})
