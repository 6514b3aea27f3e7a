// No signal of the first moments is lost, often enough to believe it, on each supported Node.js. Takes ten minutes, or half an hour where the machine is busy.
import t from 'tap'
import { sendEarly, stops } from '../rig/early.ts'
import { installNodes } from '../rig/nodes.ts'
import { needsNamespace } from '../rig/ringmaster.ts'

const [USR1, TERM] = [10, 15]
const way = 'as PID 1'
const delays = [0, 1, 3, 10, 30, 50, 100]
const tries = 100
const commands = [
  { name: 'exec', args: ['exec', 'sleep', '100'], stopped: 128 + TERM },
  { name: 'run', args: ['run', '--user', '0', '--port', 'off', '--', 'sleep', '100'], stopped: 0 },
]

t.setTimeout(3_600_000)
t.jobs = 2

for (const { version, path: node } of installNodes()) {
  for (const { name, args, stopped } of commands) {
    t.test(`${name} on ${version} loses no TERM`, { skip: needsNamespace }, async (t) => {
      for (const ms of delays) {
        const signals = [[ms, TERM]] as const
        const { ends } = await sendEarly(t, args, { way, tries, signals, node })
        t.same(ends, { [stopped]: tries }, `after ${ms} ms`)
      }
    })

    t.test(
      `no USR1 opens the debugger of ${name} on ${version}`,
      { skip: needsNamespace },
      async (t) => {
        for (const way of ['as PID 1', 'as an ordinary process'] as const) {
          // What `run` has started has no handler for it, so that `run` goes on.
          const end = name === 'run' ? [[200, TERM] as const] : []
          for (let ms = 0; ms <= 1000; ms += ms < 100 ? 5 : 100) {
            const signals = [[ms, USR1] as const, ...end]
            const { ends, output } = await sendEarly(t, args, { way, tries: 1, signals, node })
            const when = `${way}, after ${ms} ms`
            if (name === 'run') t.equal(stops(ends, stopped, way), 1, when)
            else t.same(ends, { [128 + USR1]: 1 }, when)
            t.notMatch(output, /debugger|inspector/i)
          }
        }
      },
    )
  }
}
