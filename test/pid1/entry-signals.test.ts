// A few tries of what test/real/entry.test.ts tries often, and on every Node.js.
import t from 'tap'
import { sendEarly, stops } from '../rig/early.ts'
import { needsNamespace, program } from '../rig/ringmaster.ts'

const [HUP, USR1, ALRM, TERM, RTMIN] = [1, 10, 14, 15, 34]
const commands = [
  { name: 'exec', args: ['exec', 'sleep', '100'], stopped: 128 + TERM },
  { name: 'run', args: ['run', '--user', '0', '--port', 'off', '--', 'sleep', '100'], stopped: 0 },
]

for (const way of ['as PID 1', 'as an ordinary process'] as const) {
  for (const { name, args, stopped } of commands) {
    t.test(
      `${name} by the entry loses no early TERM, ${way}`,
      { skip: needsNamespace },
      async (t) => {
        for (const ms of [0, 1, 5, 30]) {
          const signals = [[ms, TERM]] as const
          const { ends, output } = await sendEarly(t, args, { way, tries: 2, signals })
          t.equal(stops(ends, stopped, way), 2, `after ${ms} ms: ${output}`)
        }
      },
    )
  }

  t.test(
    `run is not ended by an early HUP or ALRM, ${way}`,
    { skip: needsNamespace },
    async (t) => {
      const args = ['run', '--user', '0', '--port', 'off', '--', 'sleep', '100']
      for (const signal of [HUP, ALRM]) {
        for (const ms of [0, 5, 30]) {
          const signals = [[ms, signal] as const, [200, TERM] as const]
          const { ends, output } = await sendEarly(t, args, { way, tries: 1, signals })
          t.equal(
            stops(ends, 0, way),
            1,
            `${signal} after ${ms} ms: ${JSON.stringify(ends)} ${output}`,
          )
        }
      }
    },
  )

  t.test(`no early USR1 opens the debugger, ${way}`, { skip: needsNamespace }, async (t) => {
    for (const ms of [0, 10, 20, 40, 80]) {
      const { ends, output } = await sendEarly(t, ['exec', 'sleep', '100'], {
        ...{ way, tries: 1 },
        signals: [[ms, USR1]],
      })
      t.same(ends, { [128 + USR1]: 1 }, `forwarded after ${ms} ms`)
      t.notMatch(output, /debugger|inspector/i)
    }
  })
}

t.test('early real-time signals are counted', { skip: needsNamespace }, async (t) => {
  const five = Array.from({ length: 5 }, () => [0, RTMIN] as const)
  const { output } = await sendEarly(t, ['exec', '-vv', '-r', 'RTMIN:0', 'sleep', '100'], {
    way: 'as PID 1',
    tries: 1,
    signals: [...five, [200, TERM]],
  })
  t.equal(output.match(/SIGRTMIN\S* dropped/g)?.length, 5, output)
})

t.test('without the latch an early TERM is lost to PID 1', { skip: needsNamespace }, async (t) => {
  // This is what the entry is for: if Node.js learns to do without, the tests above say nothing any more.
  const { ends } = await sendEarly(t, ['exec', 'sleep', '0.5'], {
    ...{ way: 'as PID 1', tries: 5, signals: [[3, TERM]] },
    program: ['sh', '-c', 'exec env -u LD_PRELOAD node -- "$@"', 'sh', program],
  })
  t.ok((ends[0] ?? 0) > 0, JSON.stringify(ends))
})
