// The guard as a process: what it does with what it is told.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import t, { type Test } from 'tap'
import { statOf } from '../../src/os/procfs.ts'
import { helper } from '../rig/exec-helper.ts'
import { fixture } from '../rig/fixtures.ts'
import { childrenOf, findProcess, statusOf } from '../rig/proc.ts'
import { launch } from '../rig/ringmaster.ts'
import { Running } from '../rig/running.ts'
import { until } from '../rig/wait.ts'

const family = fixture('family')

interface Guard {
  readonly process: ChildProcess
  readonly pid: number
  tell(...records: readonly Buffer[]): void
  /** Its pipe ends; its exit code. */
  end(): Promise<number>
}

/** Starts the guard. */
function startGuard(t: Pick<Test, 'teardown'>): Guard {
  const process = spawn(helper, ['guard'], { stdio: ['pipe', 'inherit', 'inherit'] })
  const exit = once(process, 'exit')
  t.teardown(() => process.kill('SIGKILL'))
  process.stdin.on('error', () => {}) // it was killed
  return {
    process,
    pid: process.pid ?? 0,
    tell: (...records) => process.stdin.write(Buffer.concat(records)),
    async end() {
      process.stdin.end()
      return (await exit)[0]
    },
  }
}

/** `struct record` of src/native/guard.h. */
function record(pid: number, startTicks: number, isWatched = true): Buffer {
  const bytes = Buffer.alloc(16)
  bytes.writeBigUInt64LE(BigInt(startTicks), 0)
  bytes.writeInt32LE(pid, 8)
  bytes.writeUInt32LE(isWatched ? 1 : 0, 12)
  return bytes
}

/** The record of a live process. */
function recordOf(pid: number): Buffer {
  return record(pid, statOf(pid)?.startTicks ?? 0)
}

/** A group of processes that ignore SIGTERM; a session of its own unless `words` say else. */
async function startFamily(
  t: Pick<Test, 'teardown'>,
  words: readonly string[],
  by: readonly string[] = ['setsid'],
) {
  const running = launch(t, [...by, family, ...words], Running)
  const [, last] = await running.line(/^ready (\d+)$/)
  return { running, leader: running.pid, last: Number(last) }
}

const lives = (pid: number) => findProcess(pid) !== undefined && findProcess(pid)?.state !== 'Z'
const gone = (...pids: readonly number[]) => until(() => pids.every((pid) => !lives(pid)))

t.test('at the end of its pipe it kills the groups that it watches, and ends', async (t) => {
  const guard = startGuard(t)
  const families = await Promise.all([1, 2, 3].map(() => startFamily(t, ['child', '*2'])))
  const all = families.flatMap(({ leader, last }) => [leader, ...familyOf(last)])
  t.equal(all.length, 12)
  guard.tell(...families.map(({ leader }) => recordOf(leader)))
  t.equal(await guard.end(), 0)
  await gone(...all)
})

t.test('what it was told to forget lives on', async (t) => {
  const guard = startGuard(t)
  const [one, two] = [await startFamily(t, []), await startFamily(t, [])]
  guard.tell(recordOf(one.leader), recordOf(two.leader), record(one.leader, 0, false))
  t.equal(await guard.end(), 0)
  await gone(two.leader)
  t.ok(lives(one.leader))
})

t.test('a process that was started at another time is not the one that was named', async (t) => {
  const guard = startGuard(t)
  const [one, two] = [await startFamily(t, []), await startFamily(t, [])]
  const ticks = statOf(one.leader)?.startTicks ?? 0
  guard.tell(record(one.leader, ticks - 1), recordOf(two.leader))
  t.equal(await guard.end(), 0)
  await gone(two.leader)
  t.ok(lives(one.leader))
})

t.test('what is told again counts as told last', async (t) => {
  const guard = startGuard(t)
  const { leader } = await startFamily(t, [])
  guard.tell(record(leader, 1), recordOf(leader))
  await guard.end()
  await gone(leader)
})

t.test('a group that has lost its leader is killed', async (t) => {
  const guard = startGuard(t)
  const { leader, last, running } = await startFamily(t, ['child', '*2'])
  guard.tell(recordOf(leader))
  process.kill(leader, 'SIGKILL')
  await running.until(() => findProcess(leader) === undefined)
  const left = familyOf(last)
  t.equal(left.length, 3)
  t.equal(await guard.end(), 0)
  await gone(...left)
})

t.test('a group without a leader that came later is left alone', async (t) => {
  const guard = startGuard(t)
  // The number had belonged to a process that was started after all that have it as their group now.
  const { leader, last, running } = await startFamily(t, ['child'])
  guard.tell(record(leader, (statOf(last)?.startTicks ?? 0) + 1))
  process.kill(leader, 'SIGKILL')
  await running.until(() => findProcess(leader) === undefined)
  t.equal(await guard.end(), 0)
  t.ok(lives(last))
})

t.test('a group without a leader in the session of another is left alone', async (t) => {
  const guard = startGuard(t)
  const reaps = ['setsid', 'sh', '-c', '"$@" & wait; exec sleep 1000', 'sh']
  const { last, running } = await startFamily(t, ['group', 'child'], reaps)
  const leader = findProcess(last)?.group ?? 0
  t.not(leader, running.pid)
  guard.tell(record(leader, 0))
  process.kill(leader, 'SIGKILL')
  await running.until(() => findProcess(leader) === undefined)
  t.equal(await guard.end(), 0)
  t.ok(lives(last))
})

t.test('a name in brackets does not deceive it', async (t) => {
  const guard = startGuard(t)
  const { leader } = await startFamily(t, ['=) Z 1 2 3 (', '*1'])
  guard.tell(recordOf(leader))
  await guard.end()
  await gone(leader)
})

t.test('records may come in pieces', async (t) => {
  const guard = startGuard(t)
  const { leader } = await startFamily(t, [])
  for (const byte of Buffer.concat([record(5, 5), recordOf(leader)])) {
    guard.tell(Buffer.of(byte))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await guard.end()
  await gone(leader)
})

t.test('what does not fit in its table is left out', async (t) => {
  const guard = startGuard(t)
  const [one, two] = [await startFamily(t, []), await startFamily(t, [])]
  const strangers = Array.from({ length: 20_000 }, (_, i) => record(1_000_000 + i, 1))
  guard.tell(recordOf(one.leader), ...strangers, recordOf(two.leader))
  t.equal(await guard.end(), 0)
  await gone(one.leader)
  t.ok(lives(two.leader))
})

t.test('no signal but SIGKILL and SIGSTOP ends or stops it', async (t) => {
  const guard = startGuard(t)
  await until(() => statusOf(guard.pid, 'NoNewPrivs') === '1')
  for (let signal = 1; signal <= 64; signal++) {
    if (![9, 19, 32, 33].includes(signal)) process.kill(guard.pid, signal)
  }
  const { leader } = await startFamily(t, [])
  guard.tell(recordOf(leader))
  t.equal(await guard.end(), 0)
  await gone(leader)
})

t.test('it holds its pipe and nothing else', async (t) => {
  const guard = startGuard(t)
  await until(() => readdirSync(`/proc/${guard.pid}/fd`).join() === '0')
  t.equal(readlinkSync(`/proc/${guard.pid}/cwd`), '/')
  t.match(findProcess(guard.pid), { session: guard.pid, group: guard.pid })
  t.equal(statusOf(guard.pid, 'NoNewPrivs'), '1')
  const own = /^Private_Dirty: +(\d+) kB/m.exec(
    readFileSync(`/proc/${guard.pid}/smaps_rollup`, 'utf8'),
  )
  t.ok(Number(own?.[1]) <= 32, `${own?.[1]} KB of its own`)
  await guard.end()
})

t.test('without a descriptor to read from it says so', async (t) => {
  const guard = spawn('sh', ['-c', 'exec "$0" guard <&-', helper], { stdio: 'inherit' })
  t.same(await once(guard, 'exit'), [1, null])
})

/** `last` and its children. */
function familyOf(last: number): number[] {
  return [last, ...childrenOf(last).map(({ pid }) => pid)]
}
