// What belongs to a run whose main process has ended, whatever its processes did to get away.
import { spawn } from 'node:child_process'
import t from 'tap'
import { needsRoot } from '../rig/exec-helper.ts'
import { fixture } from '../rig/fixtures.ts'
import { type Driver, startDriver } from '../rig/os-driver.ts'
import { asPid1, needsNamespace } from '../rig/ringmaster.ts'

const family = fixture('family')
const SIGTERM = 15
const SIGKILL = 9

for (const { way, by, skip } of [
  { way: 'as PID 1', by: asPid1([]), skip: needsNamespace },
  { way: 'as an ordinary process', by: [], skip: false },
]) {
  /** Starts a main process of run `1-a`, waits for the last of its tree and kills it; its pid and that of the last. */
  async function bereaved(driver: Driver, command: readonly string[]) {
    const leader = await driver.spawn(command, { runId: '1-a' })
    const [, last] = await driver.line(/^ready (\d+)$/)
    await driver.kill(leader)
    return { leader, last: Number(last) }
  }

  for (const [rule, words, isFound] of [
    ['a child', ['child'], true],
    ['a child in a process group of its own', ['child', 'group'], true],
    ['an orphan', ['orphan', 'child'], true],
    ['an orphan in a session of its own', ['child', 'session'], true],
    ['a daemon, forked twice', ['child', 'orphan', 'session', 'orphan'], true],
    ['a child without an environment', ['child', 'nameless'], true],
    [
      'a child without an environment in a session of its own',
      ['child', 'session', 'nameless'],
      false,
    ],
    ['a daemon with a strange name and children', ['child', 'session', '=) Z (', '*3'], true],
    ['a child that lives without its first thread', ['child', 'headless'], true],
  ] as const) {
    t.test(`${way}: ${rule} is ${isFound ? '' : 'not '}found`, { skip }, async (t) => {
      const driver = await startDriver(t, by)
      const { leader, last } = await bereaved(driver, [family, ...words])
      const found = await driver.tree(leader, '1-a')
      t.equal(found.includes(last), isFound)
      t.ok((await driver.below()).includes(last), 'a shutdown finds it in any case')
      t.equal(
        (await driver.tree(leader, '1-b')).includes(last),
        !words.some((word) => word === 'session'),
        'by its session alone',
      )
    })
  }

  t.test(`${way}: who has left all else is known by its output`, { skip }, async (t) => {
    const driver = await startDriver(t, by)
    const words = ['child', 'session', 'nameless']
    const { leader, last } = await bereaved(driver, [family, ...words])
    const stdout = await driver.ask<string>('stdout')
    t.same(await driver.tree(leader, '1-a', [], ['pipe:[1]', stdout]), [last])
    t.same(await driver.tree(leader, '1-a', [], ['pipe:[1]']), [])
    const other = await bereaved(driver, [family, 'child', 'session'])
    t.same(await driver.tree(leader, '2-a', [], [stdout]), [last], 'one with a mark is not')
    t.not(other.last, last)
  })

  t.test(`${way}: what hides below a member of the tree is found`, { skip }, async (t) => {
    const driver = await startDriver(t, by)
    const words = ['child', 'child', 'session', 'nameless', 'child', 'group', '=) Z (']
    const { leader, last } = await bereaved(driver, [family, ...words])
    const found = await driver.tree(leader, '1-a')
    t.equal(found.length, 3)
    t.ok(found.includes(last))
  })

  t.test(`${way}: what a shell leaves behind is found`, { skip }, async (t) => {
    const driver = await startDriver(t, by)
    const { leader, last } = await bereaved(driver, ['sh', '-c', `${family}; true`])
    t.same(await driver.tree(leader, '1-a'), [last])
  })

  t.test(`${way}: the dead are not found`, { skip }, async (t) => {
    const driver = await startDriver(t, by)
    // Nobody reaps the child of the child.
    const { leader, last } = await bereaved(driver, [family, 'child', 'child'])
    const found = await driver.tree(leader, '1-a')
    t.equal(found.length, 2)
    await driver.ask('signal', last, SIGKILL)
    await driver.find('below', (below: readonly number[]) => !below.includes(last))
    t.same(
      await driver.tree(leader, '1-a'),
      found.filter((pid) => pid !== last),
    )
  })

  t.test(`${way}: the trees of live runs are left out`, { skip }, async (t) => {
    const driver = await startDriver(t, by)
    const { leader } = await bereaved(driver, ['sh', '-c', `${family}; true`])
    const other = await driver.spawn([family, 'child'], { runId: '1-a' })
    await driver.line(/^ready \d+$/)
    const stray = await driver.spawn(['sh', '-c', `${family} & echo; exec ${family}`], {
      runId: '2-a',
    })
    await driver.line(/^ready \d+$/)
    await driver.line(/^ready \d+$/)
    t.equal((await driver.tree(leader, '1-a', [other, stray])).length, 1)
    t.equal(
      (await driver.tree(leader, '1-a', [stray])).length,
      3,
      'a main process by its mark alone',
    )
  })

  t.test(`${way}: an orphan of a live main process is not of another tree`, { skip }, async (t) => {
    const driver = await startDriver(t, by)
    const { leader } = await bereaved(driver, [family, 'child'])
    const main = await driver.spawn(['sh', '-c', `${family} orphan & exec ${family}`], {
      runId: '1-a',
    })
    await driver.line(/^ready \d+$/)
    await driver.line(/^ready \d+$/)
    t.equal((await driver.tree(leader, '1-a', [main])).length, 1)
  })

  t.test(
    `${way}: 5,000 that ignore the request to end are killed`,
    { skip, timeout: 60_000 },
    async (t) => {
      const driver = await startDriver(t, by)
      const { leader } = await bereaved(driver, [family, 'child', '*4999'])
      for (const signal of [SIGTERM, SIGKILL]) {
        const members = await driver.ask<object[]>('treeOf', leader, '1-a', [])
        t.equal(members.length, 5000)
        await driver.ask('signalMembers', members, signal)
      }
      await driver.find('below', (below: readonly number[]) => below.length === 0)
      t.same(await driver.tree(leader, '1-a'), [])
    },
  )
}

t.test(
  'as PID 1 a shutdown finds who entered the namespace',
  { skip: needsRoot || needsNamespace },
  async (t) => {
    const driver = await startDriver(t, asPid1([]))
    const [guest] = await driver.ask<number[]>('everythingBelow')
    t.equal(guest, undefined)
    const child = spawn('nsenter', ['-t', `${driver.pid}`, '-p', '-m', family, '=guest'], {
      stdio: 'ignore',
    })
    t.teardown(() => child.kill('SIGKILL'))
    const found = await driver.find('below', (below: readonly number[]) => below[0])
    t.match(await driver.ask('statOf', found), { isAlive: true })
    t.notOk((await driver.ask<number[]>('children')).includes(found))
  },
)

t.test('as an ordinary process a shutdown finds descendants alone', async (t) => {
  const driver = await startDriver(t)
  const own = await driver.spawn([family])
  await driver.line(/^ready \d+$/)
  t.same(await driver.below(), [own])
})
