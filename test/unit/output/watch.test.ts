import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { createTail } from '../../../src/output/tail.ts'
import { createWatch } from '../../../src/output/watch.ts'
import type { InstanceSpec, OutputCheck } from '../../../src/plan/instance-spec.ts'
import type { Outcome } from '../../../src/ports/prober.ts'
import { createManualClock } from '../../rig/manual-clock.ts'

const silence = { kind: 'logSilence', ms: 5000 } as const
const line = (pattern: string) => ({ kind: 'logLine', pattern }) as const

function create(checks: InstanceSpec['checks']) {
  const clock = createManualClock()
  const startMonoMs = clock.now().monoMs
  const pipe = { unread: '', isRead: true }
  const watch = createWatch(checks, {
    clock,
    catchUp() {
      if (pipe.isRead && pipe.unread !== '') tail?.push(Buffer.from(pipe.unread))
      pipe.unread = ''
      return pipe.isRead
    },
  })
  if (watch === undefined) throw new Error('nothing to watch for')
  const tail = watch.overhearing(createTail(100))
  const hear = (lines: string) => watch.hear(Buffer.from(lines))
  const outcomes: Outcome[] = []
  const probe = (check: OutputCheck) => watch.probe(check, (outcome) => outcomes.push(outcome))
  return { clock, startMonoMs, pipe, watch, tail, hear, outcomes, probe }
}

t.test('nobody watches for nothing', async (t) => {
  const clock = createManualClock()
  const options = { clock, catchUp: () => true }
  t.equal(createWatch({}, options), undefined)
  const http = { kind: 'tcp', host: null, port: 1 } as const
  t.equal(createWatch({ readiness: http }, options), undefined)
})

t.test('a try waits for its line; one that has come is known to the next', async (t) => {
  const { clock, hear, outcomes, probe } = create({
    startup: line('^up'),
    readiness: line('ready$'),
  })
  probe(line('ready$'))
  await import('../../../src/lib/patterns.ts')
  await turn()
  hear('up and ready?\n')
  clock.poll()
  t.same(outcomes, [])
  hear('now ready\n')
  clock.poll()
  t.same(outcomes, [{ isOk: true, detail: 'a line matched' }])
  probe(line('^up'))
  t.equal(outcomes.length, 1, 'not before it returns')
  clock.poll()
  t.equal(outcomes.length, 2)
})

t.test('a try that was ended hears nothing', async (t) => {
  const { clock, hear, outcomes, probe, watch } = create({
    readiness: line('ready'),
    liveness: silence,
  })
  await turn()
  const ends = [probe(line('ready')), probe(silence)]
  hear('ready\n')
  for (const end of ends) end()
  clock.poll()
  t.same(outcomes, [])
  watch.end()
})

t.test('silence is counted from what was read last, whenever it is asked for', async (t) => {
  const { clock, startMonoMs, tail, outcomes, probe } = create({ liveness: silence })
  const ask = () => {
    probe(silence)
    clock.poll()
    return outcomes.at(-1)
  }
  clock.advance(3000)
  t.same(ask(), { isOk: true, detail: '', againAtMonoMs: startMonoMs + 5000 }, 'from its begin')
  tail.push(Buffer.from('.'))
  clock.advance(4999)
  t.same(ask(), { isOk: true, detail: '', againAtMonoMs: startMonoMs + 8000 })
  clock.advance(1)
  t.same(ask(), { isOk: false, detail: 'no output for 5 s' })
})

t.test('what is in the pipe counts, and who cannot write is not silent', async (t) => {
  const { clock, startMonoMs, pipe, outcomes, probe } = create({ liveness: silence })
  clock.advance(6000)
  pipe.unread = 'words'
  probe(silence)
  clock.poll()
  t.match(outcomes, [{ isOk: true, againAtMonoMs: startMonoMs + 11_000 }])
  pipe.isRead = false
  clock.advance(9000)
  probe(silence)
  clock.poll()
  t.same(outcomes[1], {
    ...{ isOk: null, detail: 'its output waits for a reader' },
    againAtMonoMs: startMonoMs + 20_000,
  })
})
