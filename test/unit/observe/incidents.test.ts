import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import type { Change } from '../../../src/core/changes.ts'
import { view } from '../../../src/core/view.ts'
import { createIncidents } from '../../../src/observe/incidents.ts'
import type { Incident } from '../../../src/ports/incidents.ts'
import type { LastWords } from '../../../src/ports/output.ts'
import { probeSpec, processSpec } from '../../rig/specs.ts'
import { Story } from '../../rig/story.ts'

const hour = 3_600_000
const noWait = { initialMs: 0, factor: 2, maxMs: 0, jitter: 0, resetAfterMs: 10_000 }

const quiet = {
  lastWords: () => ({ stdout: '', stderr: '' }),
  lookAt: () => undefined,
  wallMs: () => 0,
}

/** The incidents of `web` in `story`, each of whose runs wrote `words`. */
function incidentsOf(
  story: Story,
  words: (run: number) => Partial<LastWords> = () => ({}),
): readonly Incident[] {
  const incidents = createIncidents({
    ...quiet,
    view: () => view(story.state),
    lastWords: (_, run) => ({ stdout: '', stderr: '', ...words(run) }),
  })
  for (const change of story.allChanges) incidents.change(change)
  const found = incidents.of('web')
  t.same(JSON.parse(JSON.stringify(found)), found, 'it is plain data')
  return found
}

const begin = (given: Parameters<typeof processSpec>[1] = {}) =>
  new Story(processSpec('web', given), processSpec('other')).take({ type: 'begin' }).run(2)

t.test('a crash is one, with all there is to say of it', async (t) => {
  const story = begin().run(1).wait(2500)
  story.take({ type: 'exited', run: 1, status: { code: 3, signal: 0 } }).wait(400)
  story.take({ type: 'emptied', run: 1 })
  const startedAtMs = Date.UTC(2030, 0, 2)
  t.same(
    incidentsOf(story, (run) => ({ stderr: `${run}\n\x1b[31mbad\x1b[0m\n`, stdout: 'out' })),
    [
      {
        ...{ process: 'web', instance: 'web.1', run: 1, pid: 101 },
        ...{ startedAtMs, endedAtMs: startedAtMs + 2500, livedMs: 2500 },
        ...{ cause: 'error', code: 3, signal: null, killed: false, text: 'code 3', reason: null },
        ...{ usage: null, probes: [], stderr: '1\nbad\n', stdout: 'out\n' },
        ...{ restarts: 1, next: 'pending', nextReason: null, delayMs: 0 },
      },
    ],
  )
  story.run(3).end(3, 0, 11)
  t.match(incidentsOf(story)[1], {
    ...{ run: 3, cause: 'signal', code: null, signal: 'SIGSEGV', text: 'signal SIGSEGV' },
    ...{ restarts: 2, next: 'backoff', delayMs: 100 },
  })
})

t.test('one that a probe ended says what the probes said', async (t) => {
  const probes = { readiness: probeSpec(), liveness: probeSpec({ failureThreshold: 1 }) }
  const story = begin({ probes }).run(1)
  const said = (probe: 'readiness' | 'liveness', isOk: boolean, detail: string) =>
    story.wait(10).take({ type: 'probed', run: 1, probe, isOk, detail, durationMs: 1 })
  said('readiness', false, 'HTTP 404')
  said('readiness', true, 'HTTP 200')
  said('liveness', false, 'x'.repeat(1000))
  story.wait(100).end(1, 0, 15)
  const [one] = incidentsOf(story)
  const atMs = Date.UTC(2030, 0, 2) + 20
  t.match(one, { cause: 'liveness-failed', signal: 'SIGTERM', livedMs: 130, killed: false })
  t.match(one?.reason, /^liveness: x+$/)
  t.ok((one?.reason?.length ?? 0) <= 300)
  t.same(one?.probes, [
    { probe: 'readiness', atMs, isOk: true, detail: 'HTTP 200' },
    { probe: 'liveness', atMs: atMs + 10, isOk: false, detail: 'x'.repeat(200) },
  ])
  story.run(3).end(3, 1)
  t.same(incidentsOf(story)[1]?.probes, [], 'they are those of the run')
})

t.test('what a run used is that of the last look, which is taken before it is ended', async (t) => {
  const story = begin({ probes: { liveness: probeSpec({ failureThreshold: 1 }) } })
  const looks: number[] = []
  let wallMs = 500
  const incidents = createIncidents({
    ...quiet,
    view: () => view(story.state),
    lookAt(pid) {
      looks.push(pid)
      return { cpuSeconds: 3, residentBytes: 300 }
    },
    wallMs: () => wallMs,
  })
  const readChanges = () => {
    for (const change of story.allChanges.splice(0)) incidents.change(change)
  }
  story.run(1)
  readChanges()
  const more = { openFds: 5 }
  incidents.used(new Map([[101, { cpuSeconds: 1, residentBytes: 100, ...more }]]))
  wallMs = 600
  incidents.used(new Map([[999, { cpuSeconds: 9, residentBytes: 900, ...more }]]))
  story.end(1, 1).run(3)
  readChanges()
  const tree = { atMs: 500, of: 'tree', cpuSeconds: 1, residentBytes: 100 }
  t.strictSame(incidents.of('web').at(-1)?.usage, tree, 'of another run nothing is taken')
  t.same(looks, [], 'what has ended is not looked at')
  const result = { run: 3, probe: 'liveness', isOk: false, detail: '', durationMs: 1 } as const
  story
    .wait(700)
    .take({ type: 'probed', ...result })
    .wait(50)
    .end(3, 0, 15)
  readChanges()
  const atMs = Date.UTC(2030, 0, 2) + 700
  const main = { atMs, of: 'process', cpuSeconds: 3, residentBytes: 300 }
  t.strictSame(incidents.of('web').at(-1)?.usage, main)
  t.same(looks, [103])
})

t.test('one without a process says what was refused', async (t) => {
  const story = begin()
  story.take({ type: 'spawnFailed', run: 1, errno: 'EPERM', step: 'fork' })
  t.match(incidentsOf(story), [
    {
      ...{ run: 1, pid: null, startedAtMs: null, livedMs: null, cause: 'exec-failed' },
      ...{ code: null, signal: null, text: 'EPERM fork', next: 'pending' },
    },
  ])
  const short = begin().take({ type: 'spawnFailed', run: 1, errno: 'EAGAIN', step: 'fork' })
  t.same(incidentsOf(short), [], 'what the kernel lacks just now is none')
})

t.test('the last of a failed process says why it is not started again', async (t) => {
  const story = begin({ restartLimit: { count: 1, withinMs: hour }, backoff: noWait })
  story.run(1).end(1, 1).run(3).end(3, 1)
  t.match(incidentsOf(story)[1], {
    ...{ next: 'failed', nextReason: 'restart limit: 1 within 3600 s or in a row' },
    ...{ delayMs: null, reason: null },
  })
})

t.test('one that the kernel may have killed for memory says so', async (t) => {
  const story = begin().run(1)
  const status = { code: 0, signal: 9 }
  story.take({ type: 'exited', run: 1, status, clue: 'possible-oom-kill' })
  story.take({ type: 'emptied', run: 1 })
  t.match(incidentsOf(story), [{ signal: 'SIGKILL', reason: 'possibly oom', killed: false }])
})

t.test('ends that were asked for, or are a success, are none', async (t) => {
  const stopped = begin().run(1).take({ type: 'shutdown', reason: 'test', code: 0 })
  t.same(incidentsOf(stopped.end(1, 0, 15)), [])
  const done = begin({ restartPolicy: 'OnFailure' }).run(1).end(1)
  t.same(incidentsOf(done), [])
  const old = begin({ maxAgeMs: hour }).run(1).wait(hour)
  old.take({ type: 'deadline', key: 'web.1/age' }).end(1, 0, 15)
  t.same(incidentsOf(old), [])
})

t.test('nor is the success of a process that waits for the next connection', async (t) => {
  const connected = { type: 'connected', process: 'web' } as const
  const story = new Story(processSpec('web', { isOnDemand: true, sockets: ['web'] }))
  story.take({ type: 'begin' }, connected).run(1).wait(5000).end(1)
  t.same(incidentsOf(story), [])
  t.match(incidentsOf(story.take(connected).run(2).end(2, 1)), [{ run: 2, delayMs: 0 }])
})

t.test('a success that is restarted, and a stop that needed SIGKILL, are', async (t) => {
  t.match(incidentsOf(begin().run(1).end(1)), [{ cause: 'completed', code: 0, next: 'pending' }])
  const stubborn = begin().run(1).take({ type: 'shutdown', reason: 'test', code: 0 })
  stubborn.take({ type: 'deadline', key: 'web.1/kill' }).end(1, 0, 9)
  t.match(incidentsOf(stubborn), [{ cause: 'grace-exceeded', killed: true, next: 'stopped' }])
})

t.test('processes and their incidents are told apart', async (t) => {
  const story = begin({ replicas: 2 })
  story.run(1).end(3, 1)
  const incidents = createIncidents({ ...quiet, view: () => view(story.state) })
  for (const change of story.allChanges) incidents.change(change)
  t.same(incidents.of('other'), [])
  t.same(incidents.of('no such process'), [])
})

/** The changes of a run that crashes. */
function crash(process: string, run: number): readonly Change[] {
  const at = { monoMs: run * 10, wallMs: run * 10 }
  const of = { process, instance: `${process}.1`, run, at }
  const one = { type: 'instance', ...of, pid: run } as const
  const end = { cause: 'error', status: { code: 1, signal: 0 } } as const
  const reason = `${run}`.repeat(200)
  return [
    { ...one, phase: 'starting', previous: 'pending' },
    { ...of, type: 'probe', probe: 'liveness', isOk: false, detail: reason, durationMs: 1 },
    { ...one, phase: 'stopping', previous: 'running', ...end, reason },
    { ...one, phase: 'backoff', previous: 'stopping', ...end, delayMs: 100 },
  ]
}

t.test('100,000 restarts keep ten, each of a few KiB', async (t) => {
  const { state } = begin()
  const stderr = Buffer.from(`${'ü"'.repeat(700)}\n`.repeat(4)).toString('latin1')
  const incidents = createIncidents({
    ...quiet,
    view: () => view(state),
    // All that are kept at the end of a row have much.
    lastWords: (_, run) => {
      const text = (run - 1) % 2000 > 1980 ? stderr : ''
      return { stdout: `${text}${run}\n`, stderr: `${run}${text}` }
    },
  })
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const heapAfter = (first: number, last: number) => {
    for (let run = first; run <= last; run++) {
      for (const change of crash('web', run)) incidents.change(change)
    }
    collect()
    return process.memoryUsage().heapUsed
  }
  const before = heapAfter(1, 2000)
  const after = heapAfter(2001, 100_000)
  t.ok(after - before < 200_000, `${after - before} bytes more`)
  const kept = incidents.of('web')
  t.same(
    kept.map(({ run }) => run),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((count) => 99_990 + count),
  )
  for (const one of kept) {
    t.ok(Buffer.byteLength(one.stderr) <= 3072 && Buffer.byteLength(one.stdout) <= 1024)
    t.ok(Buffer.byteLength(JSON.stringify(one)) < 12_000)
  }
})

t.test('of ever other processes the incidents of the last are kept', async (t) => {
  const { state } = begin()
  const incidents = createIncidents({ ...quiet, view: () => view(state) })
  for (const change of crash('first', 1)) incidents.change(change)
  for (let count = 1; count <= 1000; count++) {
    for (const change of crash(`p${count}`, count)) incidents.change(change)
  }
  t.same(incidents.of('first'), [])
  t.equal(incidents.of('p1').length, 1)
  t.equal(incidents.of('p1000').length, 1)
})
