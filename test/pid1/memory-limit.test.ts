import t from 'tap'
import type { Usage } from '../../src/ports/usage.ts'
import { needsRoot, shared } from '../rig/exec-helper.ts'
import { type Driver, startDriver } from '../rig/os-driver.ts'
import { asPid1, needsNamespace, ways } from '../rig/ringmaster.ts'
import { script, supervise } from '../rig/supervise.ts'

const family = shared('family')
const nobody = 65534
/** So many MiB are in memory, of a child of its own: tail keeps a line that does not end. */
const grows = (mebibytes: number) =>
  script(
    `echo "run $RINGMASTER_RUN"; (head -c ${mebibytes}m /dev/zero; exec sleep 1000) | tail >/dev/null`,
  )

interface Seen {
  /** Bytes, by pid. */
  readonly above: Readonly<Record<string, number>>
  /** How often it was said that shares are hidden. */
  readonly told: number
}

async function startFamily(driver: Driver, words: readonly string[], options: object = {}) {
  const main = await driver.spawn([family, ...words], options)
  await driver.line(/^ready \d+$/)
  return main
}

const look = (driver: Driver, ...limits: readonly (readonly [pid: number, bytes: number])[]) =>
  driver.ask<Seen>('memory', limits)

for (const { way, start, skip } of ways) {
  t.test(`${way}: a process that grows over its limit is restarted`, { skip }, async (t) => {
    const limits = { resources: { limits: { memory: '40Mi' } } }
    const ringmaster = await supervise(t, start, {
      processes: { web: { ...grows(100), ...limits }, api: { ...grows(1), ...limits } },
    })
    await ringmaster.line(/"msg":"web\.1 is stopped: memory: 1\d\d(\.\d)? MiB, limit 40 MiB"/)
    await ringmaster.line(/"instance":"web\.1".*"cause":"memory-limit","delayMs":0/)
    await ringmaster.line(/^web\.1 \| run [3-9]/)
    ringmaster.signal('SIGTERM')
    const { code, stderr } = await ringmaster.end()
    t.equal(code, 0)
    t.notMatch(stderr, /"instance":"api\.1".*memory-limit/)
  })
}

t.test('of what processes share each has its share', async (t) => {
  const driver = await startDriver(t)
  const main = await startFamily(driver, ['*9'])
  const { above, told } = await look(driver, [main, 1])
  const usage = await driver.ask<Record<number, Usage>>('usage', [main])
  const [share = 0, resident = 0] = [above[main], usage[main]?.residentBytes]
  t.ok(share > 0 && share < resident / 2, `${share} of ${resident}`)
  t.equal(told, 0)
})

t.test('a tree whose resident memory is within its limit is left out', async (t) => {
  const driver = await startDriver(t)
  const [one, other] = [await startFamily(driver, ['child']), await startFamily(driver, ['child'])]
  t.same(Object.keys((await look(driver, [one, 1 << 30], [other, 1])).above), [`${other}`])
  await driver.kill(other)
  t.same((await look(driver, [other, 1])).above, {})
})

t.test(
  'where shares are hidden, what is not shared counts, and that is said once',
  { skip: needsRoot || needsNamespace },
  async (t) => {
    const restrained = ['setpriv', '--bounding-set=-sys_ptrace,-sys_admin,-perfmon']
    const driver = await startDriver(t, asPid1(restrained))
    const main = await startFamily(driver, ['child'], { uid: nobody })
    const { above, told } = await look(driver, [main, 1])
    const usage = await driver.ask<Record<number, Usage>>('usage', [main])
    const [bytes = 0, resident = 0] = [above[main], usage[main]?.residentBytes]
    t.ok(bytes > 0 && bytes < resident, `${bytes} of ${resident}`)
    t.equal(told, 1)
  },
)

t.test(
  'who has given root up sees the shares of those who are the same user',
  { skip: needsRoot || needsNamespace },
  async (t) => {
    const driver = await startDriver(t, asPid1([]))
    await driver.ask('becomeUser', nobody)
    const main = await startFamily(driver, ['child'])
    const { above, told } = await look(driver, [main, 1])
    t.ok(above[main])
    t.equal(told, 0)
  },
)
