import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { Runtime } from '../../src/runtime/runtime.ts'
import { FakeWorld } from '../rig/fake-world.ts'
import { planOf, processSpec } from '../rig/specs.ts'

t.test('the output is released when nothing of the tree lives, not before', async (t) => {
  const world = new FakeWorld(planOf(processSpec('web')), { holdsOutput: true }).begin().execute(1)
  const left = world.fork(1)
  world.exit(1, 1)
  t.equal(world.run(1).isReleased, false)
  world.die(left)
  t.equal(world.run(1).isReleased, true)
  t.equal(world.runs.length, 2, 'the restart does not wait for the output')
})

t.test('an output that ended early is no matter', async (t) => {
  const world = new FakeWorld(planOf(processSpec('web')), { holdsOutput: true }).begin().execute(1)
  world.run(1).endOutput()
  t.same(world.phases('web.1'), ['starting', 'running'])
  world.exit(1, 1).execute(2).signal(15).exit(2, 0, 15)
  t.same(world.exitCodes, [], 'the second run has an output too')
  world.run(2).endOutput()
  t.same(world.exitCodes, [0])
})

t.test('100,000 restarts leave nothing behind', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const backoff = { initialMs: 0, factor: 2, maxMs: 0, jitter: 0, resetAfterMs: 10_000 }
  const world = new FakeWorld(planOf(processSpec('web', { backoff })))
  const streams: WeakRef<object>[] = []
  let pid = 0
  let lastRun = 0
  let exit: (pid: number) => void = () => {}
  let executed = () => {}
  let endOutput = () => {}
  const runtime = new Runtime(planOf(processSpec('web', { backoff })), {
    ...world.ports,
    exits: {
      onExit: (listener) => (exit = (ended) => listener(ended, { code: 1, signal: 0 }, false)),
    },
    spawner: {
      spawn(run, _, observer) {
        lastRun = run
        executed = observer.executed
        pid += 1
        return { pid, runId: '', pipes: [], stdout: 0, stderr: 0, notify: null }
      },
    },
    output: {
      forget() {},
      reopenFiles() {},
      attach(_, onEnd) {
        endOutput = onEnd
        const lastWords = () => ({ stdout: '', stderr: '' })
        const stream = { release() {}, lastWords, probe: () => () => {} }
        streams.push(new WeakRef(stream))
        return stream
      },
    },
    publish() {},
  })
  runtime.post({ type: 'begin' })
  let known = 0
  for (let count = 0; count < 100_000 && known <= 2; count++) {
    executed()
    const endOld = endOutput
    if (count % 2 === 0) endOld()
    exit(pid)
    if (count % 2 === 1) endOld()
    world.turn()
    if (count % 20_000 !== 1_999) continue
    // A WeakRef holds what it was read or made for until the turn is over.
    await turn()
    collect()
    known = streams.filter((stream) => stream.deref() !== undefined).length
  }
  t.ok(known <= 2, `${known} runs are still known`)
  t.equal(lastRun, 100_001)
  t.equal(world.timers, 0)
})
