import t from 'tap'
import { fixture } from '../rig/fixtures.ts'
import { ways } from '../rig/ringmaster.ts'

/** A socket, which stderr is here, holds some 170 lines while nobody reads; what does not fit is not told. */
const count = 150
const stdio = ['pipe', 'pipe', 'pipe'] as const
/** A child that says `left CODE` when its orphans are all started, and ends with its stdin. */
const leaving = (arguments_: string) => [
  ...['sh', '-c', `"$0" ${arguments_}; echo left $?; exec cat`, fixture('orphans')],
]

for (const { way, start, skip } of ways) {
  t.test(`orphans are reaped, however they end, ${way}`, { skip }, async (t) => {
    for (const end of ['', '9', '34']) {
      const init = await start(t, ['exec', '-w', '--', ...leaving(`${count} ${end}`)], { stdio })
      await init.line(/^left 0$/)
      const pids = new Set<string>()
      while (pids.size < count) {
        const [, pid = ''] = await init.line(/^ringmaster: reaped orphan pid (\d+)$/)
        pids.add(pid)
      }
      t.same(init.zombies(), [])
      init.hangUp()
      const { code, stderr } = await init.end()
      t.equal(code, 0)
      t.equal(stderr.trim().split('\n').length, count, 'each is told once')
    }
  })

  t.test(`orphans are reaped without a word, ${way}`, { skip }, async (t) => {
    for (const options of [[], ['-s']]) {
      const command = ['exec', ...options, '--', ...leaving(`${count}`)]
      const init = await start(t, command, { stdio })
      await init.line(/^left 0$/)
      await init.until(() => init.zombies().length === 0)
      init.hangUp()
      t.match(await init.end(), { code: 0, stderr: '' })
    }
  })

  t.test(
    `an orphan that outlives its parent becomes Ringmaster's own child, ${way}`,
    { skip },
    async (t) => {
      const script = '(setsid "$0" away & "$0" near &); exec cat'
      const command = ['exec', '-w', '--', 'sh', '-c', script, fixture('listen')]
      const init = await start(t, command, { stdio })
      for (const name of ['away', 'near']) {
        const orphan = await init.ready(name)
        await init.until(() => init.children().includes(orphan))
        process.kill(orphan, 'SIGKILL')
        await init.line(/reaped orphan/)
        t.equal(init.state(orphan), undefined)
      }
      init.hangUp()
      t.match(await init.exit(), { code: 0 })
    },
  )
}
