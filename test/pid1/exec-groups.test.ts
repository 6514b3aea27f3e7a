import t from 'tap'
import { fixture } from '../rig/fixtures.ts'
import { alone, ways } from '../rig/ringmaster.ts'

/** A child that ends with 5 when its stdin does, and leaves the process `left` behind. */
const leaving = (by: string) => ['sh', '-c', `${by} "$0" left & cat; exit 5`, fixture('listen')]
const stdio = ['pipe', 'pipe', 'pipe'] as const
const URG = 23

for (const { way, start, skip } of ways) {
  t.test(
    `Ringmaster leaves at once when the child ends, whoever is left, ${way}`,
    { skip },
    async (t) => {
      for (const options of [[], ['-c']]) {
        const init = await start(t, ['exec', ...options, '--', ...leaving('')], { stdio })
        await init.ready('left')
        init.hangUp()
        t.same(await init.exit(), { code: 5, signal: null })
      }
    },
  )
}

// As PID 1 the kernel ends them all with SIGKILL, before they can tell.
t.test('what is left of the group gets TERM when the child ends', async (t) => {
  const init = await alone(t, ['exec', ...leaving('')], { stdio })
  await init.ready('left')
  init.hangUp()
  await init.line(/^left got 15$/)
  t.same(await init.exit(), { code: 5, signal: null })
})

const spared = [
  { title: 'what is left of the group gets no TERM with -c', options: ['-c'], by: '' },
  { title: 'a process that left the group gets no TERM', options: [], by: 'setsid' },
]
for (const { title, options, by } of spared) {
  t.test(title, async (t) => {
    const init = await alone(t, ['exec', ...options, '--', ...leaving(by)], { stdio })
    const left = await init.ready('left')
    init.hangUp()
    await init.exit()
    // Taken in the order of their numbers, so a TERM would be told first.
    process.kill(left, URG)
    await init.line(/^left got 23$/)
    t.notMatch(init.stdout, /got 15/)
  })
}

t.test('what is left by a child that ends at once is ended too', async (t) => {
  const init = await alone(t, ['exec', 'sh', '-c', 'sleep 100 & exit 6'])
  // The end of the output, which sleep holds too.
  t.match(await init.end(), { code: 6 })
})

t.test('the child dies when Ringmaster is killed', async (t) => {
  for (const options of [[], ['-c']]) {
    const init = await alone(t, ['exec', ...options, '--', fixture('listen')])
    const child = await init.ready()
    init.signal('SIGKILL')
    t.same(await init.exit(), { code: null, signal: 'SIGKILL' })
    await init.until(() => init.state(child) === undefined || init.state(child) === 'Z')
  }
})

t.test('-p has Ringmaster get a signal when its parent dies, and forward it', async (t) => {
  for (const [signal, number] of [
    ['HUP', 1],
    ['RTMIN+6', 40],
    ['15', 15],
  ] as const) {
    const setting = { by: ['sh', '-c', '"$@" & wait', 'sh'] }
    const init = await alone(t, ['exec', '-p', signal, '--', fixture('listen')], setting)
    const child = await init.ready()
    init.killStarter()
    await init.line(new RegExp(`^got ${number}$`))
    t.ok(init.state(child), 'and it lives on')
  }
})

t.test('without -p the death of the parent changes nothing', async (t) => {
  const setting = { by: ['sh', '-c', '"$@" & wait', 'sh'] }
  const init = await alone(t, ['exec', fixture('listen')], setting)
  await init.ready()
  init.killStarter()
  await init.exit()
  init.signal(URG)
  await init.line(/^got 23$/)
  t.equal(init.stdout.match(/^got/gm)?.length, 1)
})
