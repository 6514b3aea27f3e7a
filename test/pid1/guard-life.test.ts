// The guard beside the process that it guards, here os-driver in the place of Ringmaster.
import t from 'tap'
import { needsRoot } from '../rig/exec-helper.ts'
import { fixture } from '../rig/fixtures.ts'
import { type Driver, startDriver } from '../rig/os-driver.ts'
import { descendants, findProcess, statusOf } from '../rig/proc.ts'

const family = fixture('family')
const lives = (pid: number) => findProcess(pid) !== undefined && findProcess(pid)?.state !== 'Z'

/** Children that are watched, each with members in its group, all of which ignore SIGTERM; the pids of all. */
async function families(driver: Driver, count: number): Promise<number[]> {
  const leaders: number[] = []
  for (let i = 0; i < count; i++) {
    const leader = await driver.spawn([family, 'child', '*2'])
    await driver.ask('watch', leader)
    await driver.line(/^ready \d+$/)
    leaders.push(leader)
  }
  return leaders.flatMap((pid) => [pid, ...descendants(pid).map((process) => process.pid)])
}

const gone = (driver: Driver, pids: readonly number[]) =>
  driver.until(() => pids.every((pid) => !lives(pid)), `end of ${pids}`)

t.test('the groups of all children end within 1 s of a SIGKILL', async (t) => {
  const driver = await startDriver(t)
  const all = await families(driver, 3)
  t.equal(all.length, 12)
  await driver.guard()
  const begin = performance.now()
  driver.signal('SIGKILL')
  await gone(driver, all)
  const took = performance.now() - begin
  t.ok(took < 1000, `${took} ms`)
})

t.test('what was forgotten lives on, and what was not does not', async (t) => {
  const driver = await startDriver(t)
  const one = await families(driver, 1)
  const two = await families(driver, 1)
  await driver.guard()
  await driver.ask('forget', one[0])
  driver.signal('SIGKILL')
  await gone(driver, two)
  t.ok(one.every(lives))
})

t.test('what came before the guard, and what goes while it starts, is known to it', async (t) => {
  const driver = await startDriver(t)
  const [leader] = await families(driver, 1)
  const forgotten = await families(driver, 1)
  const guard = await driver.guard()
  process.kill(guard, 'SIGKILL')
  await driver.ask('forget', forgotten[0])
  await driver.guard(guard)
  driver.signal('SIGKILL')
  await gone(driver, [leader ?? 0])
  t.ok(forgotten.every(lives))
})

t.test('it ends with the driver and kills nothing that was ended in order', async (t) => {
  const driver = await startDriver(t)
  const leader = await driver.spawn(['sleep', '1000'])
  await driver.ask('watch', leader)
  const stranger = await driver.spawn([family])
  const guard = await driver.guard()
  await driver.kill(leader)
  await driver.ask('forget', leader)
  driver.type('["end"]\n')
  t.match(await driver.exit(), { code: 0 })
  await driver.until(() => !lives(guard))
  t.ok(lives(stranger))
})

t.test('a driver that is stopped is not dead', async (t) => {
  const driver = await startDriver(t)
  const all = await families(driver, 1)
  const guard = await driver.guard()
  driver.signal('SIGSTOP')
  await driver.until(() => driver.state() === 'T')
  // Nothing to wait for: it is what does not happen that counts.
  await new Promise((resolve) => setTimeout(resolve, 1000))
  t.ok(all.every(lives))
  t.ok(lives(guard))
  driver.signal('SIGCONT')
  t.equal(await driver.ask('guard'), guard)
})

t.test('a guard that was killed is replaced, and the new one knows all', async (t) => {
  const driver = await startDriver(t)
  const all = await families(driver, 2)
  const first = await driver.guard()
  process.kill(first, 'SIGKILL')
  const second = await driver.guard(first)
  const later = await families(driver, 1)
  driver.signal('SIGKILL')
  await gone(driver, [...all, ...later])
  await driver.until(() => !lives(second))
})

t.test('a guard that is killed again and again is given up, with a word', async (t) => {
  const driver = await startDriver(t)
  const all = await families(driver, 1)
  let guard = await driver.guard()
  for (let i = 1; i < 5; i++) {
    process.kill(guard, 'SIGKILL')
    guard = await driver.guard(guard)
  }
  process.kill(guard, 'SIGKILL')
  await driver.line(/^problem the guard ended or could not be started 5 times in a minute: /)
  await driver.ask('forget', all[0])
  const more = await families(driver, 1)
  t.equal(await driver.ask('guard'), null)
  t.ok([...all, ...more].every(lives))
  t.equal(driver.stdout.match(/^problem /gm)?.length, 1, 'it is said once')
})

t.test('a guard that does not read is replaced', async (t) => {
  const driver = await startDriver(t)
  const all = await families(driver, 1)
  const first = await driver.guard()
  process.kill(first, 'SIGSTOP')
  await driver.ask('churn', all[0], 5000)
  const second = await driver.guard(first)
  t.not(second, first)
  driver.signal('SIGKILL')
  await gone(driver, all)
})

t.test('a guard is told of more than fits in a pipe', async (t) => {
  const driver = await startDriver(t)
  const all = await families(driver, 1)
  await driver.guard()
  await driver.ask('churn', all[0], 20_000)
  const later = await families(driver, 1)
  driver.signal('SIGKILL')
  await gone(driver, [...all, ...later])
})

t.test('the end of a guard is not told as that of an orphan', async (t) => {
  const driver = await startDriver(t)
  await families(driver, 1)
  const guard = await driver.guard()
  process.kill(guard, 'SIGKILL')
  await driver.guard(guard)
  const orphan = await driver.spawn([family, 'orphan'])
  await driver.hasReaped(orphan)
  t.notOk((await driver.ask<number[]>('exits')).some((pid) => Math.abs(pid) === guard))
})

t.test('a shutdown neither ends a guard nor waits for it', async (t) => {
  const driver = await startDriver(t)
  const all = await families(driver, 1)
  const guard = await driver.guard()
  const below = await driver.below()
  t.same(
    below,
    [...all].sort((a, b) => a - b),
  )
  t.equal(statusOf(guard, 'PPid'), `${driver.pid}`)
})

t.test('children that are started turn by turn go first', async (t) => {
  const driver = await startDriver(t)
  t.equal(await driver.ask('burst', 8), 8, 'no guard beside the children')
  await driver.guard()
})

t.test(
  'a guard that root started guards what a user goes on with',
  { skip: needsRoot },
  async (t) => {
    const driver = await startDriver(t)
    const all = await families(driver, 1)
    const guard = await driver.guard()
    const later = await driver.spawn([family])
    await driver.line(/^ready \d+$/)
    await driver.ask('becomeUser', 65534)
    t.match(statusOf(driver.pid, 'Uid'), /^65534\t65534\t/)
    await driver.ask('watch', later)
    t.equal(await driver.ask('guard'), guard)
    driver.signal('SIGKILL')
    await gone(driver, [...all, later])
  },
)

t.test(
  'a guard that reads no more and cannot be killed is told of',
  { skip: needsRoot },
  async (t) => {
    const driver = await startDriver(t)
    const all = await families(driver, 1)
    const guard = await driver.guard()
    await driver.ask('becomeUser', 65534)
    process.kill(guard, 'SIGSTOP')
    await driver.ask('churn', all[0], 5000)
    await driver.line(/^problem the guard does not read and cannot be killed: /)
    t.equal(await driver.ask('guard'), guard)
    t.ok(all.every(lives), 'its pipe is not closed: that would have it kill')
  },
)
