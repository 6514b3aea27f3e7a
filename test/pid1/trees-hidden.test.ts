// Trees where /proc tells less than usual, and pids that are given again.
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { Member } from '../../src/ports/process-table.ts'
import { needsRoot, shared } from '../rig/exec-helper.ts'
import { fixture } from '../rig/fixtures.ts'
import { type Driver, startDriver } from '../rig/os-driver.ts'
import { findProcess, statusOf } from '../rig/proc.ts'
import { asPid1, needsNamespace } from '../rig/ringmaster.ts'

const family = shared('family')
const SIGKILL = 9
const nobody = 65534
const skip = needsRoot || needsNamespace

/** As container runtimes start root: it may not look into processes of others. */
const restrained = ['setpriv', '--bounding-set=-sys_ptrace,-sys_admin,-perfmon']
/** What is done before what follows it is executed. */
const after = (command: string) => ['sh', '-c', `${command} && exec "$@"`, 'sh']

/** A run `1-a` of `uid` whose main process is dead; its pid and that of the last of its tree. */
async function bereaved(driver: Driver, words: readonly string[], uid = 0) {
  const leader = await driver.spawn([family, ...words], { runId: '1-a', uid })
  const [, last] = await driver.line(/^ready (\d+)$/)
  await driver.kill(leader)
  return { leader, last: Number(last) }
}

const found = (driver: Driver, leader: number) => driver.ask<Member[]>('treeOf', leader, '1-a', [])

t.test("another user's orphan is known by its mark to a restrained root", { skip }, async (t) => {
  const driver = await startDriver(t, asPid1(restrained))
  const { leader, last } = await bereaved(driver, ['child', 'session'], nobody)
  t.match(await found(driver, leader), [{ pid: last, group: last }])
  t.match(statusOf(driver.pid, 'Uid'), /^0\t0\t0\t0$/, 'files are opened as root again')
  t.match(statusOf(driver.pid, 'Gid'), /^0\t0\t0\t0$/)
  await driver.spawn(['sh', '-c', 'head -c 5 /proc/1/environ >/dev/null && echo dumpable'])
  await driver.line(/^dumpable$/)
})

t.test('or by its output, when it has written over that', { skip }, async (t) => {
  const driver = await startDriver(t, asPid1(restrained))
  const { leader, last } = await bereaved(driver, ['child', 'session', 'nameless'], nobody)
  t.same(await found(driver, leader), [])
  t.same(await driver.tree(leader, '1-a', [], [await driver.ask('stdout')]), [last])
})

t.test('the session of a run is known where /proc hides it', { skip }, async (t) => {
  const hide = after('mount -o remount,hidepid=invisible /proc')
  const driver = await startDriver(t, asPid1(hide))
  const words = [family, 'child', 'group', 'secret']
  const leader = await driver.spawn(words, { runId: '1-a', uid: nobody })
  const last = Number((await driver.line(/^ready (\d+)$/))[1])
  await driver.ask('becomeUser', nobody)
  await driver.kill(leader)
  t.equal(await driver.ask('statOf', last), null)
  const members = await found(driver, leader)
  t.same(members, [{ pid: last, group: last, startTicks: 0 }])
  t.same(await driver.below(), [last])
  await driver.ask('signalMembers', members, SIGKILL)
  await driver.hasReaped(last)
  t.same(await driver.below(), [])
})

t.test('trees are found by a kernel that lists no children', { skip }, async (t) => {
  const driver = await startDriver(t, asPid1(after('mount -t tmpfs none /proc/1/task')))
  t.same(await driver.ask('children'), [])
  const { leader, last } = await bereaved(driver, ['child', 'session'])
  t.match(await found(driver, leader), [{ pid: last }])
  t.same(await driver.below(), [last])
})

for (const [place, by] of [
  ['PID 1', []],
  ['an ordinary process', ['sh', '-c', '"$@"; true', 'sh']],
] as const) {
  t.test(`the /proc of another namespace tells ${place} nothing`, { skip }, async (t) => {
    const driver = await startDriver(t, ['unshare', '--pid', '--fork', '--kill-child', ...by])
    const { leader, last } = await bereaved(driver, ['child'])
    t.same(await found(driver, leader), [])
    t.same(await driver.below(), [])
    await driver.ask('watch', last)
    await driver.line(/^problem \/proc does not tell when children were started: /)
  })
}

t.test('members get their signal from a kernel without process descriptors', async (t) => {
  const pidfd_open = 434
  const ENOSYS = 38
  const driver = await startDriver(t, [fixture('refuse'), `${pidfd_open}`, `${ENOSYS}`])
  const { leader, last } = await bereaved(driver, ['child'])
  const [member] = await found(driver, leader)
  await driver.ask('signalMembers', [{ ...member, startTicks: 1 }], SIGKILL)
  t.match(await driver.ask('statOf', last), { isAlive: true })
  await driver.ask('signalMembers', [member], SIGKILL)
  await driver.hasReaped(last)
})

t.test('who has the pid of a member by now gets no signal', { skip }, async (t) => {
  const driver = await startDriver(t, asPid1([]))
  const { leader, last } = await bereaved(driver, ['child'])
  const members = await found(driver, leader)
  await driver.kill(last)
  await driver.ask('signalMembers', members, SIGKILL)
  await sleep(20) // a tick of the clock that tells them apart
  t.equal(await driver.ask('spawnAs', last, [family]), last)
  await driver.line(/^ready \d+$/)
  await driver.ask('signalMembers', members, SIGKILL)
  // A later signal to the same process would be told with or before an earlier one.
  await driver.ask('signalMembers', await driver.ask('everythingBelow'), 10)
  const of = (ends: readonly string[]) => ends.filter((end) => end.startsWith(`${last} by`))
  const ends = await driver.find('ends', (ends: string[]) => of(ends).length === 2 && of(ends))
  t.same(ends, [`${last} by 9`, `${last} by 10`])
})

t.test('the guard leaves who has the pid of a child by now', { skip }, async (t) => {
  const driver = await startDriver(t, asPid1(['sh', '-c', '"$@"; exec sleep 1000', 'sh']))
  const watch = async () => {
    const pid = await driver.spawn([family])
    await driver.line(/^ready \d+$/)
    await driver.ask('watch', pid)
    return pid
  }
  const [dead, control] = [await watch(), await watch()]
  await driver.guard()
  await driver.kill(dead)
  await sleep(20) // a tick of the clock that tells them apart
  t.equal(await driver.ask('spawnAs', dead, [family]), dead)
  await driver.line(/^ready \d+$/)
  const [stranger, guarded] = [driver.outside(dead), driver.outside(control)]
  driver.signal('SIGKILL')
  await driver.until(() => (findProcess(guarded)?.state ?? 'Z') === 'Z')
  t.equal(findProcess(stranger)?.state, 'S')
})

t.test('what became somebody else’s gets no signal, and is no error', { skip }, async (t) => {
  const driver = await startDriver(t)
  const { leader, last } = await bereaved(driver, ['child'])
  const members = await found(driver, leader)
  await driver.ask('becomeUser', nobody)
  await driver.ask('signalMembers', members, SIGKILL)
  t.same(await driver.below(), [last])
})
