import { release } from 'node:os'
import t from 'tap'
import type { Usage } from '../../src/ports/usage.ts'
import { needsRoot, shared } from '../rig/exec-helper.ts'
import { type Driver, startDriver } from '../rig/os-driver.ts'
import { descendants, findProcess, statusOf } from '../rig/proc.ts'
import { asPid1, needsNamespace } from '../rig/ringmaster.ts'

const family = shared('family')
const nobody = 65534
const skip = needsRoot || needsNamespace

/** A main process of which comes what `words` say; its pid and that of the last of them. */
async function startFamily(driver: Driver, words: readonly string[], options: object = {}) {
  const main = await driver.spawn([family, ...words], options)
  const [, last] = await driver.line(/^ready (\d+)$/)
  return { main, last: Number(last) }
}

const usageOf = (driver: Driver, ...mains: readonly number[]) =>
  driver.ask<Record<number, Usage>>('usage', mains)

// Each of them has three descriptors, so these tell how many were counted.
for (const { what, words, fds } of [
  { what: 'a main process alone', words: [], fds: 3 },
  { what: 'its descendants', words: ['child', 'child'], fds: 9 },
  { what: 'a descendant with a session of its own', words: ['child', 'session'], fds: 6 },
  { what: 'an orphan of its session', words: ['child', 'orphan'], fds: 6 },
  { what: 'no orphan of another session', words: ['child', 'orphan', 'session'], fds: 3 },
]) {
  t.test(`an instance uses what is used by ${what}`, async (t) => {
    const driver = await startDriver(t)
    const other = await startFamily(driver, ['child'])
    const { main } = await startFamily(driver, words)
    const usage = await usageOf(driver, main, other.main)
    t.equal(usage[main]?.openFds, fds)
    t.equal(usage[other.main]?.openFds, 6)
  })
}

t.test('resident memory is told in bytes, of all processes', async (t) => {
  const driver = await startDriver(t)
  const { main } = await startFamily(driver, ['child', 'child'])
  const bytes = [findProcess(main), ...descendants(main)]
    .map((one) => Number(statusOf(one?.pid ?? 0, 'VmRSS')?.split(' ')[0]) * 1024)
    .reduce((sum, one) => sum + one)
  const told = (await usageOf(driver, main))[main]?.residentBytes ?? 0
  t.ok(told > bytes / 1.5 && told < bytes * 1.5, `${told} for ${bytes}`)
})

t.test('CPU time has that of children that were waited for', async (t) => {
  const driver = await startDriver(t)
  const work = '(i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done); echo ready $$; exec sleep 1000'
  const main = await driver.spawn(['sh', '-c', work])
  await driver.line(/^ready \d+$/)
  const { main: idle } = await startFamily(driver, [])
  const usage = await usageOf(driver, main, idle)
  t.ok((usage[main]?.cpuSeconds ?? 0) >= 0.02)
  t.ok((usage[idle]?.cpuSeconds ?? 1) <= 0.01)
})

t.test('a main process that has ended is left out, and so is who has its pid', async (t) => {
  const driver = await startDriver(t)
  const { main, last } = await startFamily(driver, ['child'])
  t.same(Object.keys(await usageOf(driver, last, 1)), [])
  await driver.kill(main)
  t.same(await usageOf(driver, main), {})
})

t.test("another user's processes are told of to a restrained root", { skip }, async (t) => {
  const restrained = ['setpriv', '--bounding-set=-sys_ptrace,-sys_admin,-perfmon']
  const driver = await startDriver(t, asPid1(restrained))
  const { main } = await startFamily(driver, ['child', 'secret'], { uid: nobody })
  const usage = (await usageOf(driver, main))[main]
  t.ok((usage?.residentBytes ?? 0) > 0)
  const [major = 0, minor = 0] = release().split('.').map(Number)
  t.equal(usage?.openFds, major > 6 || (major === 6 && minor >= 2) ? 6 : undefined)
})

t.test('what /proc hides is left out', { skip }, async (t) => {
  const hide = ['sh', '-c', 'mount -o remount,hidepid=invisible /proc && exec "$@"', 'sh']
  const driver = await startDriver(t, asPid1(hide))
  const { main: seen } = await startFamily(driver, [], { uid: nobody })
  const { main: hidden } = await startFamily(driver, [])
  await driver.ask('becomeUser', nobody)
  t.same(Object.keys(await usageOf(driver, seen, hidden)), [`${seen}`])
})

t.test('the /proc of another namespace tells nothing', { skip }, async (t) => {
  const driver = await startDriver(t, ['unshare', '--pid', '--fork', '--kill-child'])
  const { main } = await startFamily(driver, [])
  t.same(await usageOf(driver, main), {})
})
