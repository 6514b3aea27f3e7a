// Nothing is lost: 20,000 double-forked orphans from four storms at once, while children end in every way there is.
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { fixture, root } from '../rig/fixtures.ts'
import { launch, until, zombiesOf } from '../rig/launched.ts'
import { installNodes } from '../rig/nodes.ts'
import { needsNamespace } from '../rig/ringmaster.ts'

const orphans = 20_000
const slots = 50
const storm = fixture('storm')
const end = fixture('end')
const ringmaster = join(root, 'bin', 'ringmaster')
const driver = join(root, 'out', 'test', 'fixtures', 'respawn-driver.js')
const folder = mkdtempSync(join(tmpdir(), 'ringmaster-orphans-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const skip = needsNamespace
t.setTimeout(900_000)
t.jobs = 1

const noZombies = (pid: number) =>
  until(() => zombiesOf(pid).length === 0 || undefined, {
    timeoutMs: 2000,
    tell: () => `: ${zombiesOf(pid).length} zombies`,
  })

for (const { version, path } of installNodes()) {
  t.test(
    `each of ${orphans} orphans is reaped once by exec on Node.js ${version}`,
    { skip },
    async (t) => {
      const stderrFile = join(folder, version)
      const command = [path, ringmaster, 'exec', '--warn-on-reap', '--', storm, `${orphans}`]
      const init = launch(t, command, { stderrFile })
      await init.match(/^ready$/m, 120_000)
      t.match(init.output(), 'storm 0', 'all orphans were made')
      await noZombies(await init.pid())
      const reaped = readFileSync(stderrFile, 'utf8').match(/^ringmaster: reaped orphan pid \d+$/gm)
      t.equal(reaped?.length, orphans)
      await init.signal('SIGTERM')
      t.equal(await init.ended(), 7, "the command's exit code")
    },
  )

  t.test(
    `no end of a child is lost, told twice or wrong on Node.js ${version}`,
    { skip },
    async (t) => {
      const init = launch(t, [path, driver, storm, end, `${orphans}`, `${slots}`])
      const code = await init.ended(200_000)
      t.equal(code, 0, init.output())
      const { exits, ...told } = JSON.parse(init.output())
      t.strictSame(told, { orphans, wrong: [], refused: 0, missing: 0, zombies: 0 })
      t.ok(exits >= 2 * slots, `${exits} ends`)
    },
  )
}

/** The trees of the crashed are looked for among all orphans, reaped or not. */
const slowly = { timeoutMs: 240_000, everyMs: 100 }

t.test('orphans and crashes under run', { skip }, async (t) => {
  const ends = [0, 1, 42, 126, 255, -1, -2, -6, -9, -11, -13, -15, -31, -34, -50, -64]
  const config = join(folder, 'ringmaster.yaml')
  const user = { securityContext: { runAsUser: 65534 }, workingDir: '/' }
  const backoff = { initialSeconds: 0.5, factor: 1, jitter: 0 }
  const crashing = ends.flatMap((number, i) => [
    [
      `crash${i}`,
      { command: [copy(end), `${number}`], replicas: 3, backoff, restartLimit: null, ...user },
    ],
  ])
  const processes = {
    storm: { command: [copy(storm), `${orphans}`], ...user },
    ...Object.fromEntries(crashing),
  }
  writeFileSync(config, JSON.stringify({ http: { host: '127.0.0.1', port: 0 }, processes }))

  const init = launch(t, [process.execPath, ringmaster, 'run', config])
  const [, url] = await init.match(/(http:\S+)\/metrics/)
  await init.match(/ready$/m, 120_000)
  t.match(init.output(), /storm 0$/m)
  const metrics = await until(async () => {
    const text = await (await fetch(`${url}/metrics`)).text()
    const restarted = text.match(/^ringmaster_process_restarts_total\{process="crash/gm)
    const isOver = text.includes(`ringmaster_reaped_orphans_total ${orphans}\n`)
    return isOver && restarted?.length === crashing.length * 3 ? text : undefined
  }, slowly)
  for (const [i, number] of ends.entries()) {
    const code = number < 0 ? 128 - number : number
    const lines = metrics.match(
      new RegExp(`^ringmaster_process_last_exit_code\\{process="crash${i}",.* ${code}$`, 'gm'),
    )
    t.equal(lines?.length, 3, `all that ended with ${number} ended so`)
    const restarts = metrics.match(
      new RegExp(`^ringmaster_process_restarts_total\\{process="crash${i}",.*$`, 'gm'),
    )
    const cause = number < 0 ? 'signal' : number === 0 ? 'completed' : 'error'
    t.equal(restarts?.length, 3)
    for (const line of restarts ?? []) t.match(line, `cause="${cause}"`)
  }
  await init.signal('SIGTERM')
  t.equal(await init.ended(), 0)
})

/** Where any user can reach it, wherever the clone lies. */
function copy(program: string): string {
  const reachable = join(folder, program.split('/').at(-1) ?? '')
  chmodSync(folder, 0o755)
  copyFileSync(program, reachable)
  return reachable
}
