import t from 'tap'
import { fixture } from '../rig/fixtures.ts'
import { installWith } from '../rig/installation.ts'
import { alone, inNamespace, needsNamespace, ways } from '../rig/ringmaster.ts'

const [KILL, USR1, CHLD, CONT, STOP, TSTP, TTIN, TTOU] = [9, 10, 17, 18, 19, 20, 21, 22]
const jobControl = [TSTP, TTIN, TTOU]
const all = [...Array(65).keys()].filter((n) => n !== 0 && n !== 32 && n !== 33)
const forwarded = all.filter((n) => ![KILL, STOP, CHLD, ...jobControl].includes(n))

/** Two processes in the child's group; the child is the one without a name. */
const pair = ['sh', '-c', '"$0" member & exec "$0"', fixture('listen')]

for (const { way, start, skip } of ways) {
  t.test(
    `every signal but KILL, STOP and CHLD reaches the child's group, ${way}`,
    { skip },
    async (t) => {
      const init = await start(t, ['exec', ...pair])
      await init.ready()
      await init.ready('member')
      for (const signal of forwarded) {
        init.signal(signal)
        await init.line(new RegExp(`^got ${signal}$`))
        await init.line(new RegExp(`^member got ${signal}$`))
      }
      init.signal(CHLD)
      init.signal(USR1)
      await init.line(/^got 10$/)
      t.notMatch(init.stdout, /got 17/, 'CHLD is about our own children')
    },
  )

  t.test(`with -c a signal reaches the child alone, ${way}`, { skip }, async (t) => {
    const init = await start(t, ['exec', '-c', ...pair])
    await init.ready()
    const member = await init.ready('member')
    for (const signal of forwarded) {
      init.signal(signal)
      await init.line(new RegExp(`^got ${signal}$`))
    }
    process.kill(member, 'SIGUSR1')
    await init.line(/^member got 10$/)
    t.equal(init.stdout.match(/^member got/gm)?.length, 1)
  })
}

for (const signal of jobControl) {
  t.test(`signal ${signal} stops the group and Ringmaster; CONT continues both`, async (t) => {
    const init = await alone(t, ['exec', ...pair])
    const child = await init.ready()
    const member = await init.ready('member')
    for (let i = 0; i < 2; i++) {
      init.signal(signal)
      for (const pid of [init.pid, child, member]) await init.until(() => init.state(pid) === 'T')
      init.signal(CONT)
      await init.line(/^got 18$/)
      await init.line(/^member got 18$/)
      for (const pid of [init.pid, child, member]) await init.until(() => init.state(pid) !== 'T')
    }
    init.signal(USR1)
    await init.line(/^got 10$/)
    t.notMatch(init.stdout, new RegExp(`got ${signal}$`, 'm'), 'SIGSTOP went to them')
  })

  t.test(`signal ${signal} stops the group alone as PID 1`, { skip: needsNamespace }, async (t) => {
    const init = await inNamespace(t, ['exec', ...pair])
    const child = await init.ready()
    const member = await init.ready('member')
    init.signal(signal)
    for (const pid of [child, member]) await init.until(() => init.state(pid) === 'T')
    t.not(init.state(), 'T')
    init.signal(CONT)
    await init.line(/^got 18$/)
    await init.line(/^member got 18$/)
  })

  t.test(`with -c signal ${signal} itself goes to the child, and Ringmaster stops`, async (t) => {
    const init = await alone(t, ['exec', '-c', ...pair])
    await init.ready()
    const member = await init.ready('member')
    init.signal(signal)
    await init.line(new RegExp(`^got ${signal}$`))
    await init.until(() => init.state() === 'T')
    t.not(init.state(member), 'T')
    init.signal(CONT)
    await init.line(/^got 18$/)
    init.signal(USR1)
    await init.line(/^got 10$/)
  })
}

t.test('a signal that arrives before the child has its own group is not lost', async (t) => {
  // In place of the exec helper one that never gets to its first step.
  const program = installWith(t, '#!/bin/sh\necho ready $$\nexec sleep 100\n')
  const init = await alone(t, ['exec', 'true'], { program })
  await init.ready()
  init.signal('SIGTERM')
  t.same(await init.exit(), { code: 128 + 15, signal: null })
})
