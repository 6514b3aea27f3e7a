// The example and the two commands wherever they may be started: other users, closed folders, each supported Node.js.
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { root } from '../rig/fixtures.ts'
import { launch, leftovers, plainEnv, until } from '../rig/launched.ts'
import { installNodes } from '../rig/nodes.ts'
import { needsNamespace, program, unless } from '../rig/ringmaster.ts'
import { configuration } from '../rig/supervise.ts'

const isRoot = process.getuid?.() === 0
const needsRoot =
  unless(isRoot, 'needs root, to become other users') ||
  unless(spawnSync('ip', ['link']).status === 0, 'needs the Debian package iproute2')
t.setTimeout(900_000)
t.jobs = 1

for (const { who, uid } of [
  { who: 'root', uid: 0 },
  { who: 'user 1000', uid: 1000 },
]) {
  t.test(`the example runs as ${who} in a closed folder`, { skip: needsRoot }, async (t) => {
    const folder = closedFolder(t)
    for (const part of ['bin', 'config', 'package.json']) {
      cpSync(join(root, part), join(folder, part), { recursive: true })
    }
    for (const file of readdirSync(join(root, 'build'), { withFileTypes: true })) {
      if (file.isFile()) cpSync(join(root, 'build', file.name), join(folder, 'build', file.name))
    }
    spawnSync('chown', ['-R', `${uid}:${uid}`, folder])
    await runExample(t, folder, ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'])
  })
}

t.test('a fresh clone sets itself up with an empty home', { skip: needsRoot }, async (t) => {
  const folder = closedFolder(t)
  const home = closedFolder(t)
  const clone = join(folder, 'clone')
  const git = spawnSync('git', ['-c', 'safe.directory=*', 'clone', '-q', `file://${root}`, clone])
  t.equal(git.status, 0, `${git.stderr}`)
  const reach = Object.entries(process.env).filter(([name]) =>
    /^(npm_config_registry|https?_proxy|no_proxy)$/i.test(name),
  )
  const env = { ...Object.fromEntries(reach), PATH: process.env['PATH'], HOME: home }
  const setUp = launch(t, ['npm', 'run', 'prestart'], { isOrdinary: true, cwd: clone, env })
  t.equal(await setUp.ended(600_000), 0, setUp.output())
  await runExample(t, clone, ['env', '-i', `PATH=${env.PATH}`, `HOME=${home}`])
})

for (const { version, path } of installNodes()) {
  t.test(`exec and run work on Node.js ${version}`, { skip: needsNamespace }, async (t) => {
    const exec = launch(t, [path, program, 'exec', '--', 'sh', '-c', 'exit 3'])
    t.equal(await exec.ended(), 3, 'exit code of exec')

    const text = 'trap "echo bye; exit" TERM; echo "pid $$"; while sleep 0.1; do :; done'
    const command = ['sh', '-c', text.replaceAll('$', '$$$$')]
    const processes = { web: { command }, crash: { command: ['sh', '-c', 'sleep 0.1; exit 1'] } }
    const config = configuration(t, { http: { host: '127.0.0.1', port: 0 }, processes })
    const run = launch(t, [path, program, 'run', config], { env: { ...plainEnv, TEST_USER: '0' } })
    const [, url] = await run.match(/(http:\S+)\/metrics/)
    await run.match(/^web\.1 \| pid \d+$/m)
    t.equal((await fetch(`${url}/livez`)).status, 200)
    const restarts = /^ringmaster_process_restarts_total\{process="crash".*cause="error"\} [1-9]/m
    await until(
      async () => restarts.test(await (await fetch(`${url}/metrics`)).text()) || undefined,
    )
    await run.signal('SIGTERM')
    t.equal(await run.ended(), 0, 'exit code of run')
    t.match(run.output(), /^web\.1 \| bye$/m)
  })
}

/** Runs what `npm start` runs, with its ports in a network of its own, and interrupts it as Ctrl-C does. */
async function runExample(t: Test, folder: string, as: readonly string[]): Promise<void> {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const inNetwork = [
    'setsid',
    'unshare',
    '--net',
    'sh',
    '-c',
    'ip link set lo up && exec "$@"',
    '-',
  ]
  const command = [...inNetwork, ...as, 'sh', '-c', manifest.scripts.start]
  const run = launch(t, command, { isOrdinary: true, cwd: folder })
  const pid = await run.pid()
  for (const line of [
    /^web\.1 +\| http:\/\/localhost:8080$/m,
    /^worker\.2 +\| worker\.2 works as uid \d+$/m,
    /http:\S+:9099\/readyz/,
  ]) {
    await run.match(line)
  }
  const ask = (url: string) =>
    spawnSync('nsenter', [`--net=/proc/${pid}/ns/net`, 'curl', '-sS', url])
  t.equal(`${ask('http://localhost:9099/livez').stderr}`, '')
  t.match(`${ask('http://localhost:8080').stdout}`, /^hello from pid \d+$/m)
  t.match(`${ask('http://localhost:9099/metrics').stdout}`, 'ringmaster_process_restarts_total')
  process.kill(-pid, 'SIGINT')
  t.equal(await run.ended(), 0, 'exit code of run')
  t.strictSame(leftovers(), [])
}

/** A folder that only its owner may enter, gone after the test. */
function closedFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'ringmaster-closed-'))
  chmodSync(folder, 0o700)
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
