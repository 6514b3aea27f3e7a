import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { statusOf } from '../rig/proc.ts'
import { Reader } from '../rig/reader.ts'
import { alone, ways } from '../rig/ringmaster.ts'
import type { Running } from '../rig/running.ts'
import { folder, script, supervise } from '../rig/supervise.ts'
import { until } from '../rig/wait.ts'

/** Restarts often, and not so often that a limit is reached. */
const often = { backoff: { initialSeconds: 0.05, maxSeconds: 0.2 } }
const never = { restartPolicy: 'Never' }

/** The most memory that Ringmaster ever had. */
function peakMiB({ pid }: Running): number {
  return Number.parseInt(statusOf(pid, 'VmHWM') ?? 'NaN', 10) / 1024
}

/** Resolves when the children have written so much more that it is kept nowhere. */
async function passMuch(ringmaster: Running): Promise<void> {
  const written = () =>
    ringmaster
      .children()
      .map((pid) => Number(/wchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]))
  const before = written()
  await ringmaster.until(() => written().every((bytes, i) => bytes > (before[i] ?? 0) + 5_000_000))
}

/** Resolves when the file `runs` has 80 lines. */
async function manyRuns(runs: string): Promise<void> {
  await until(() => existsSync(runs) && readFileSync(runs, 'utf8').split('\n').length > 80)
}

for (const { way, start, skip } of ways) {
  t.test(`${way}: a reader that stalls stops the writer alone`, { skip }, async (t) => {
    const reader = new Reader(t)
    const line = `${'0123456789'.repeat(9)}\n`
    const size = line.length * 400_000
    const ringmaster = await supervise(
      t,
      start,
      {
        logs: { format: 'raw' },
        processes: {
          loud: script(`yes ${line.trimEnd()} | head -c ${size}; echo done >&2; exec sleep 1000`),
          flaky: script('echo oops >&2; exit 1', often),
        },
      },
      { by: reader.by() },
    )
    for (let count = 0; count < 8; count++) await ringmaster.line(/^oops$/)
    t.notMatch(ringmaster.stderr, /^done$/m)
    const peak = peakMiB(ringmaster)
    const hash = createHash('sha1')
    await reader.pass(size, (bytes) => hash.update(bytes))
    await ringmaster.line(/^done$/)
    const expected = createHash('sha1')
    const lines = line.repeat(10_000)
    for (let left = size; left > 0; left -= lines.length) expected.update(lines.slice(0, left))
    t.equal(hash.digest('hex'), expected.digest('hex'))
    const all = peakMiB(ringmaster)
    t.ok(peak < 150 && all < 200, `${peak} MiB while it stalled, ${all} MiB in all`)
    ringmaster.signal('SIGTERM')
    t.same(await ringmaster.exit(), { code: 0, signal: null })
  })

  t.test(`${way}: where nobody reads anything, all goes on, and ends`, { skip }, async (t) => {
    const reader = new Reader(t)
    const runs = join(folder(t), 'runs')
    const ringmaster = await supervise(
      t,
      start,
      {
        processes: {
          loud: script('exec yes'),
          flaky: script(`echo run >> ${runs}; head -c 60000 /dev/zero; exit 1`, {
            ...often,
            replicas: 8,
          }),
        },
      },
      { by: reader.by('2>&1') },
    )
    // Its last words alone are more than is kept.
    await manyRuns(runs)
    const peak = peakMiB(ringmaster)
    t.ok(peak < 150, `${peak} MiB`)
    ringmaster.signal('SIGTERM')
    t.same(await ringmaster.exit(), { code: 0, signal: null })
    reader.read()
    t.match(reader.text, /^loud\.1 \| y\n/m)
  })

  t.test(
    `${way}: who comes back late reads whole lines, and how many are missing`,
    { skip },
    async (t) => {
      const reader = new Reader(t)
      const runs = join(folder(t), 'runs')
      const words = 'x'.repeat(999)
      const ringmaster = await supervise(
        t,
        start,
        {
          processes: {
            flaky: script(`echo run >> ${runs}; yes ${words} | head -c 60000; exit 1`, {
              ...often,
              replicas: 8,
            }),
          },
        },
        { by: reader.by('2>&1') },
      )
      await manyRuns(runs)
      const [, dropped] = await reader.match(
        /lines dropped since the start: (\d+) of stdout \(full\)/,
      )
      t.ok(Number(dropped) > 0)
      ringmaster.signal('SIGTERM')
      await reader.readUntil(() => ringmaster.hasExited)
      const wrong = reader.text
        .split('\n')
        .filter((line) => !/^(flaky\.\d \| x{999}|\{.*\}|)$/.test(line))
      t.same(wrong, [])
    },
  )

  t.test(`${way}: a reader that is gone ends nobody, and changes no code`, { skip }, async (t) => {
    const reader = new Reader(t)
    const told = join(folder(t), 'told')
    const ringmaster = await supervise(
      t,
      start,
      {
        processes: {
          web: script(
            `i=0; while [ $i -lt 20000 ]; do echo $i; i=$((i+1)); done; echo alive > ${told}; until [ -e ${told}.go ]; do sleep 0.01; done; echo last; exit 3`,
            never,
          ),
        },
      },
      { by: reader.by() },
    )
    await reader.match(/^web\.1 \| 10$/m)
    reader.close()
    await until(() => existsSync(told))
    const [, dropped] = await ringmaster.line(
      /"level":"warn".*"msg":"lines dropped since the start: (\d+) of stdout \(EPIPE\)"/,
    )
    t.ok(Number(dropped) > 0)
    t.equal(ringmaster.children().length, 1)
    writeFileSync(`${told}.go`, '')
    const { code, stderr } = await ringmaster.end()
    t.equal(code, 3)
    t.match(stderr, /lines dropped since the start: [12]\d{4} of stdout \(EPIPE\)/)
    t.ok((stderr.match(/lines dropped/g) ?? []).length <= 2, 'once, and at the end')
  })

  t.test(`${way}: with both readers gone the code is still right`, { skip }, async (t) => {
    const reader = new Reader(t)
    const ringmaster = await supervise(
      t,
      start,
      { processes: { web: script('exec yes'), api: script('exec yes >&2') } },
      { by: reader.by('2>&1') },
    )
    await reader.match(/^web\.1 \| y$/m)
    await reader.match(/^api\.1 \| y$/m)
    reader.close()
    await passMuch(ringmaster)
    ringmaster.signal('SIGTERM')
    t.same(await ringmaster.exit(), { code: 0, signal: null })
  })

  t.test(`${way}: a reader that comes back reads whole lines`, { skip }, async (t) => {
    const reader = new Reader(t)
    const text = `${'<'.repeat(500)}${'>'.repeat(500)}`
    const ringmaster = await supervise(
      t,
      start,
      { processes: { web: script(`exec yes '${text}'`, { replicas: 2 }) } },
      { by: reader.by() },
    )
    const rounds = 5
    for (let round = 0; round < rounds; round++) {
      const { length } = reader.text
      await reader.readUntil(() => reader.text.length > length + 200_000)
      reader.close()
      await passMuch(ringmaster)
      reader.open()
    }
    const cut = reader.text
      .split('\n')
      .slice(0, -1)
      .filter((line) => !line.endsWith(`| ${text}`))
    const wrong = cut.filter((line) => ![1, 2].some((n) => `web.${n} | ${text}`.startsWith(line)))
    t.same(wrong, [])
    t.ok(cut.length <= rounds, `${cut.length} lines were cut`)
  })
}

t.test('with onOverflow: drop a reader that stalls holds no child up', async (t) => {
  const reader = new Reader(t)
  const words = 'x'.repeat(999)
  const ringmaster = await supervise(
    t,
    alone,
    {
      logs: { onOverflow: 'drop' },
      processes: { loud: script(`yes ${words} | head -n 20000; echo done >&2; exec sleep 1000`) },
    },
    { by: reader.by() },
  )
  await ringmaster.line(/^loud\.1 \| done$/)
  t.ok(peakMiB(ringmaster) < 150, `${peakMiB(ringmaster)} MiB`)
  ringmaster.signal('SIGTERM')
  await reader.readUntil(() => ringmaster.hasExited)
  const lines = reader.text.trimEnd().split('\n')
  t.ok(lines.every((line) => line === `loud.1 | ${words}`))
  await ringmaster.line(
    new RegExp(`lines dropped since the start: ${20_000 - lines.length} of stdout \\(full\\)`),
  )
})

t.test('`| head -1` gets its line, and Ringmaster lives on', async (t) => {
  const ringmaster = await supervise(
    t,
    alone,
    { processes: { web: script('i=1; while :; do echo $i; i=$((i+1)); done') } },
    { by: ['sh', '-c', '"$@" | head -1', 'sh'] },
  )
  await ringmaster.line(/^web\.1 \| 1$/)
  await ringmaster.line(/of stdout \(EPIPE\)/)
  t.equal(ringmaster.children().length, 1)
  ringmaster.signal('SIGTERM')
  const { stdout } = await ringmaster.end()
  t.equal(stdout, 'web.1 | 1\n')
})

t.test('what is lost on stderr is said on stdout', async (t) => {
  const reader = new Reader(t)
  const ringmaster = await supervise(
    t,
    alone,
    { processes: { web: script('while :; do sleep 0.01; done') } },
    { by: ['sh', '-c', `exec "$@" 2> ${reader.path}`, 'sh'] },
  )
  await reader.match(/ringmaster started/)
  reader.close()
  ringmaster.signal('SIGTERM')
  const { code, stdout } = await ringmaster.end()
  t.equal(code, 0)
  t.match(
    stdout,
    /^(\{"level":"warn",.*"msg":"lines dropped since the start: \d+ of the log \(EPIPE\)"\}\n)+$/,
  )
})

t.test('a full disk costs lines, not lives', async (t) => {
  const told = join(folder(t), 'told')
  const ringmaster = await supervise(
    t,
    alone,
    { processes: { web: script(`seq 20000; echo alive > ${told}; exit 3`, never) } },
    { by: ['sh', '-c', 'exec "$@" > /dev/full', 'sh'] },
  )
  const { code, stderr } = await ringmaster.end()
  t.equal(code, 3)
  t.equal(readFileSync(told, 'utf8'), 'alive\n')
  t.match(stderr, /lines dropped since the start: 20000 of stdout \(ENOSPC\)/)
})
