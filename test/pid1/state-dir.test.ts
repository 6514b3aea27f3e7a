import { chownSync, existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import t from 'tap'
import { alone, ways } from '../rig/ringmaster.ts'
import { place, stop, web } from '../rig/state-dir.ts'

const isRoot = process.getuid?.() === 0

for (const { way, start: how, skip } of ways) {
  t.test(
    `revisions outlive a restart, and an undo goes back to them: ${way}`,
    { skip },
    async (t) => {
      const { start, write, ask, history, revisions, state, kept } = place(t)
      const first = await start('one', how)
      const two = write({ web: web('two') }, {}, `${state}.yaml`)
      t.match(ask('apply', '--wait', two), { code: 0 })
      await first.line(/^web\.1 \| is two$/)
      await stop(t, first)
      t.equal(statSync(revisions).mode & 0o7777, 0o600)
      t.same(readdirSync(state), ['revisions.jsonl'])

      const second = await start('three', how)
      t.match(history(), [/^1 start/, /^2 .* env$/, /^3\* start env$/], 'a start takes the file')
      t.match(ask('rollout', 'undo', 'web', '--to-revision', '2'), { code: 0 })
      await second.line(/^web\.1 \| is two$/)
      t.match(ask('rollout', 'status', 'web'), { code: 0, stdout: /web +complete +2 / })
      t.match(ask('rollout', 'undo', 'web', '--to-revision', '1'), { code: 0 })
      await second.line(/^web\.1 \| is one$/)
      t.match(ask('rollout', 'status', 'web'), { code: 0 })
      const order = () => kept()[0]?.revisions.map(({ number, isGood }) => isGood && number)
      await second.until(() => `${order()}` === '3,2,1')
      second.signal('SIGKILL')
      await second.exit()

      const third = await start('two', how)
      t.match(history(), [/^1 uid/, /^2\* start env$/, /^3 start env$/])
      t.notMatch(third.stdout + third.stderr, /set aside/)
      await stop(t, third)
    },
  )
}

t.test(
  'a folder that another Ringmaster uses refuses the start, until that has ended',
  async (t) => {
    const { start, file, write, state, revisions, kept } = place(t)
    const first = await start('one')
    await first.until(() => existsSync(revisions))
    const other = write({ web: web('two') }, { control: false }, `${state}.yaml`)
    const refused = async () => {
      const { code, stderr } = await (await alone(t, ['run', other])).end()
      t.equal(code, 78)
      t.match(
        stderr,
        /cannot keep revisions in stateDir \/.*\/state: another Ringmaster that runs does\. Give each/,
      )
    }
    await refused()
    first.signal('SIGHUP')
    await first.line(/the configuration is as it was/)
    await refused()
    t.match(kept(), [{ nextRevision: 2 }], 'nothing was written')
    // Whatever lives on of it has the folder no more.
    first.signal('SIGKILL')
    await first.exit()
    await stop(t, await start('three'))
    t.ok(existsSync(file))
  },
)

t.test(
  'the file is of the user that Ringmaster becomes, who has to be able to write',
  { skip: !isRoot && 'not root' },
  async (t) => {
    const { state, file, write, revisions } = place(t)
    const nobody = { securityContext: { runAsUser: 65_534 } }
    const logs = { logs: { level: 'debug' } }
    write({ web: web('one', nobody) }, logs)
    const kept = await alone(t, ['run', file])
    await kept.line(/stays the user it is: user 65534 cannot keep revisions in \/.*state/)
    await kept.until(() => existsSync(revisions))
    t.equal(statSync(revisions).uid, 0)
    await stop(t, kept)
    chownSync(state, 65_534, 65_534)
    rmSync(revisions)
    const dropped = await alone(t, ['run', file])
    await dropped.line(/ringmaster gave root up and is 65534:65534/)
    await dropped.until(() => existsSync(revisions))
    t.match(statSync(revisions), { uid: 65_534 })
    t.equal(statSync(revisions).mode & 0o7777, 0o600)
    await stop(t, dropped)
  },
)
