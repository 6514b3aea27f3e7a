import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { performance } from 'node:perf_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { timeLoopTurns } from '../../../src/os/loop-turns.ts'
import { native } from '../../../src/os/native.ts'

const turns = timeLoopTurns()

t.test('the turns of the event loop are counted by how long they work', async (t) => {
  const longer = () =>
    turns.bounds.reduce(
      (sum, bound, i) => sum + (bound >= 0.05 ? (turns.counts[i + 1] ?? 0) : 0),
      0,
    )
  const all = () => Array.from(turns.counts).reduce((sum, count) => sum + count)
  t.equal(turns.counts.length, turns.bounds.length + 1)

  await turn()
  const [longBefore, allBefore, sumBefore] = [longer(), all(), turns.sum]
  const end = performance.now() + 60
  while (performance.now() < end);
  await turn()
  await turn()
  t.ok(longer() > longBefore, 'a turn of 60 ms is one of more than 50 ms')
  t.ok(all() > allBefore)
  t.ok(turns.sum >= sumBefore + 0.06)
})

t.test('sleep is no work', async (t) => {
  // What is waited for happens elsewhere.
  const child = spawn('sleep', ['0.1'])
  const begin = performance.now()
  await turn()
  const [sum, idle] = [turns.sum, performance.eventLoopUtilization().idle]
  await once(child, 'exit')
  await turn()
  const slept = performance.eventLoopUtilization().idle - idle
  t.ok(slept > 0)
  t.ok((turns.sum - sum) * 1000 <= performance.now() - begin - slept)
})

t.test('arrays that do not fit are refused, and so is a second call', async (t) => {
  for (const length of [2, 3]) {
    t.throws(
      () => native().timeTurns(new Float64Array(1), new Float64Array(length)),
      /cannot time turns/,
    )
  }
})
