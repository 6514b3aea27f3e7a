import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { fixture, root } from '../rig/fixtures.ts'
import { installWhole } from '../rig/installation.ts'
import { environmentOf } from '../rig/proc.ts'
import { alone, entry, inNamespace, needsNamespace, program, ways } from '../rig/ringmaster.ts'
import { folder, script, supervise } from '../rig/supervise.ts'

const [, list = ''] =
  /SET_ASIDE\[\] = \{([^}]*)\}/.exec(readFileSync(join(root, 'src/native/entry.c'), 'utf8')) ?? []
const names = [...list.matchAll(/"([A-Z_\d]+)"/g)].map(([, name = '']) => name)
/** Those that clients have a use for. */
const ofClients = ['NODE_EXTRA_CA_CERTS', 'NODE_USE_ENV_PROXY', 'NODE_USE_SYSTEM_CA']
const others = names.filter((name) => !ofClients.includes(name))
/** What Node.js would choke on, and what children may want. The loader of children takes any LD_ for its own. */
const aside: Readonly<Record<string, string>> = {
  ...Object.fromEntries(names.map((name) => [name, name.startsWith('LD_') ? '' : '/no/such'])),
  NODE_OPTIONS: '--require=/no/such/file --inspect',
  NODE_DEBUG: 'module',
}
const all = Object.entries(aside).map(([name, value]) => `${name}=${value}`)

t.test('the docs name all that is set aside', async (t) => {
  t.ok(names.length > 10)
  const docs = readFileSync(join(root, 'docs/docker.md'), 'utf8')
  const sentence = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}.`
  t.match(docs.replaceAll(/\s+/g, ' '), sentence)
})

for (const { way, start, skip } of ways) {
  t.test(`what is for Node.js reaches the children of exec alone, ${way}`, { skip }, async (t) => {
    const init = await start(t, ['exec', 'env'], { entry, env: aside })
    const { code, stdout, stderr } = await init.end()
    t.same({ code, stderr }, { code: 0, stderr: '' })
    const seen = stdout.trim().split('\n')
    for (const pair of all) t.ok(seen.includes(pair), pair)
    t.notMatch(stdout, /RINGMASTER_ENTRY|ringmaster-latch/)
  })

  t.test(`what is for Node.js reaches the children of run alone, ${way}`, { skip }, async (t) => {
    const processes = {
      web: script('env; grep ^Sig /proc/self/status; exit 3', { restartPolicy: 'Never' }),
    }
    const run = await supervise(t, start, { processes }, { entry, env: aside })
    const { code, stdout, stderr } = await run.end()
    t.equal(code, 3)
    for (const pair of all) t.match(stdout, `web.1 | ${pair}\n`)
    t.notMatch(stdout + stderr, /RINGMASTER_ENTRY|latch/)
    t.match(stdout, /SigBlk:\t0{16}\n/)
    t.match(stdout, /SigIgn:\t0{16}\n/)
  })

  t.test(`the child of exec has nothing of the entry, ${way}`, { skip }, async (t) => {
    const shown = await start(t, ['exec', fixture('show')], { entry })
    t.match((await shown.end()).stdout, /^fds=0,1,2$/m)
    const init = await start(t, ['exec', 'cat', '/proc/self/status'], { entry })
    const none = '\t0000000000000000'
    const { stdout } = await init.end()
    const sets = stdout.match(/^Sig[BIC].*$/gm)
    t.same(sets, [`SigBlk:${none}`, `SigIgn:${none}`, `SigCgt:${none}`])
  })

  t.test(
    `exec hands on the ignored and blocked signals, those of run are none, ${way}`,
    { skip },
    async (t) => {
      // All that can be: not KILL and STOP; that of the blocked ones CHLD is one shows that it is the set from before.
      const by = [fixture('dirty')]
      const init = await start(t, ['exec', 'cat', '/proc/self/status'], { entry, by })
      const most = '\tfffffffffffbfeff'
      t.same((await init.end()).stdout.match(/^Sig[BI].*$/gm), [`SigBlk:${most}`, `SigIgn:${most}`])

      const processes = {
        web: script('grep ^Sig /proc/self/status; exit 3', { restartPolicy: 'Never' }),
      }
      const run = await supervise(t, start, { processes }, { entry, by })
      const { stdout } = await run.end()
      t.match(stdout, /SigBlk:\t0{16}\n/)
      t.match(stdout, /SigIgn:\t0{16}\n/)
    },
  )
}

t.test('a signal that was ignored is forwarded all the same', async (t) => {
  const by = ['sh', '-c', 'trap "" HUP; exec "$@"', 'sh']
  const init = await alone(t, ['exec', fixture('listen')], { entry, by })
  await init.ready()
  init.signal('SIGHUP')
  await init.line(/^got 1$/)
})

t.test('options of the command are not taken for those of Node.js', async (t) => {
  for (const setting of [{ entry }, { entry: program }]) {
    const args = ['exec', 'sh', '-c', 'echo "$@"', 'sh', '--env-file=/no/such', '--env-file', '/no']
    const init = await alone(t, args, setting)
    t.match(await init.end(), {
      code: 0,
      stdout: '--env-file=/no/such --env-file /no\n',
      stderr: '',
    })
  }
})

t.test('arguments and variables of exec keep bytes that are no UTF-8', async (t) => {
  // Octal, for printf: lone and missing halves, too long, half of a pair, beyond the last character, and what stands for bytes.
  const pieces = ['377', '200x', '303', '303251', '300200', '355240200', '360237', '364220200200']
  const standIns = ['364217276200', '364217277277', '364217276', '364217275277', '\u{1f600}']
  const text = [...pieces, ...standIns].map((piece) => piece.replaceAll(/\d{3}/g, '\\$&')).join('a')
  const plain = execFileSync('sh', ['-c', 'printf "$0"', text])
  t.ok(plain.includes(255))
  const by = ['sh', '-c', `X=$(printf '${text}') exec "$@" "$(printf '${text}')"`, 'sh']
  const show = ['exec', 'sh', '-c', 'printf "%s|%s" "$1" "$X"', 'sh']
  const init = await alone(t, show, { entry, by })
  t.match(await init.end(), { code: 0, stderr: '' })
  t.same(init.bytes, Buffer.concat([plain, Buffer.from('|'), plain]))

  // Too much for the kernel if each byte took four.
  const much = ['sh', '-c', 'exec "$@" "$(printf %030000d 0 | tr 0 "\\377")"', 'sh']
  const long = await alone(t, ['exec', 'sh', '-c', 'printf %s "$1" | wc -c', 'sh'], {
    entry,
    by: much,
  })
  t.match(await long.end(), { code: 0, stdout: '90000\n' })
})

t.test('commands that do not stay end by a signal as they always do', async (t) => {
  const stdio = ['pipe', 'pipe', 'pipe'] as const
  const schema = await alone(t, ['check', '/dev/stdin'], { entry, stdio, env: aside })
  t.notOk(schema.hasExited)
  const given = environmentOf(schema.pid) ?? []
  for (const name of ofClients) t.ok(given.includes(`${name}=/no/such`), name)
  for (const name of others) t.ok(given.includes(`RINGMASTER_ENTRY_${name}=${aside[name]}`), name)
  schema.signal('SIGTERM')
  t.match(await schema.exit(), { signal: 'SIGTERM' })
})

t.test(
  'links lead to what is beside the entry, also without /proc',
  { skip: needsNamespace },
  async (t) => {
    const place = folder(t)
    mkdirSync(join(place, 'bin'))
    symlinkSync(entry, join(place, 'far'))
    symlinkSync('../far', join(place, 'bin', 'near'))
    const by = ['sh', '-c', `mount -t tmpfs none /proc && cd ${place} && exec "$@"`, 'sh']
    for (const path of [join(place, 'bin', 'near'), 'bin/near', './far']) {
      const init = await inNamespace(t, ['exec', 'sh', '-c', 'exit 5'], { entry: path, by })
      t.match(await init.end(), { code: 5, stderr: '' }, path)
    }
  },
)

t.test('a link beside the entry says which Node.js to run', async (t) => {
  const whole = installWhole(t)
  const build = dirname(whole)
  symlinkSync(process.execPath, join(build, 'node'))
  const found = await alone(t, ['version'], { entry: whole, env: { PATH: '/no/such' } })
  t.match(await found.end(), { code: 0, stderr: '' })
  rmSync(join(build, 'node'))
  await refuses(t, whole, /no "node" in PATH/, { PATH: '/no/such' })
})

t.test('without the bundle it ends with code 70', async (t) => {
  const whole = installWhole(t)
  rmSync(join(dirname(whole), 'ringmaster.cjs'))
  await refuses(t, whole, /ringmaster\.cjs: .*"npm run build"/)
})

for (const [rule, spoil] of [
  ['is missing', (build: string) => rmSync(join(build, 'ringmaster-latch.so'))],
  ['is not loaded', (build: string) => wrapNode(build, 'exec env -u LD_PRELOAD')],
] as const) {
  t.test(`a latch that ${rule} is one line, and all else works`, async (t) => {
    const whole = installWhole(t)
    spoil(dirname(whole))
    const init = await alone(t, ['exec', 'sh', '-c', 'env; exit 4'], { entry: whole, env: aside })
    const { code, stdout, stderr } = await init.end()
    t.equal(code, 4)
    t.match(
      stderr,
      /^ringmaster: signals of the first moment may be lost: .*ringmaster-latch\.so.*\n$/,
    )
    for (const pair of all) t.match(stdout, `${pair}\n`)
    t.notMatch(stdout, 'RINGMASTER_ENTRY')
    const processes = { web: script('exit 3', { restartPolicy: 'Never' }) }
    const run = await supervise(t, alone, { processes }, { entry: whole })
    t.match(await run.end(), { code: 3, stderr: /may be lost/ })
  })
}

t.test('a shell that finds Node.js is none, and the latch leaves it alone', async (t) => {
  const whole = installWhole(t)
  wrapNode(dirname(whole), 'answer=$(echo 1; sleep 0.1)\nexec')
  const init = await alone(t, ['exec', 'sh', '-c', 'exit 4'], { entry: whole })
  t.match(await init.end(), { code: 4, stderr: '' })
})

t.test('the command under npm goes by the entry, and does without one', async (t) => {
  const whole = installWhole(t)
  const command = join(folder(t), 'ringmaster')
  symlinkSync(join(dirname(whole), '../bin/ringmaster'), command)
  const show = ['exec', 'sh', '-c', 'tr "\\0" " " < /proc/$PPID/cmdline']
  const byEntry = await alone(t, show, { entry: command })
  t.match(await byEntry.end(), {
    code: 0,
    stdout: /^node -- \S+\/ringmaster\.cjs exec /,
    stderr: '',
  })
  rmSync(whole)
  const without = await alone(t, show, { entry: command })
  t.match(await without.end(), { code: 0, stdout: /^node -- \S+\/ringmaster exec /, stderr: '' })
})

/** Has the entry in `build` find a shell script in place of Node.js, that goes on with `how`. */
function wrapNode(build: string, how: string): void {
  writeFileSync(join(build, 'node'), `#!/bin/sh\n${how} ${process.execPath} "$@"\n`)
  chmodSync(join(build, 'node'), 0o755)
}

async function refuses(t: Test, entry: string, why: RegExp, env = {}): Promise<void> {
  const { code, stdout, stderr } = await (await alone(t, ['exec', 'true'], { entry, env })).end()
  t.same({ code, stdout }, { code: 70, stdout: '' })
  t.match(stderr, /^ringmaster: cannot start .*\n$/)
  t.match(stderr, why)
}
