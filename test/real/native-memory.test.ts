// The addon's C under valgrind and the sanitizers: the same scenarios as in test/pid1, looked at from below.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { fixture, root } from '../rig/fixtures.ts'

const driver = join(root, 'out', 'test', 'fixtures', 'native-driver.js')
const orphans = fixture('orphans')
const folder = mkdtempSync(join(tmpdir(), 'ringmaster-memory-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

// Node.js takes 8 s and more to start under valgrind.
t.setTimeout(400_000)

/** Each with a part of what it prints when all went well. */
const scenarios = [
  { scenario: ['orphans', orphans, '300'], prints: '"others":0,"code":0,"zombies":0' },
  { scenario: ['statuses', '1'], prints: '"wrong":0' },
  { scenario: ['throwing', orphans, '5'], prints: '"zombies":0' },
  { scenario: ['signals'], prints: '"replaced":0' },
  { scenario: ['write'], prints: '"broken":-32' },
  {
    scenario: ['terminalWrite', 'a line\n'],
    prints: '"result":-11',
    by: [fixture('with-terminal')],
  },
  { scenario: ['stopped'], prints: '"signal":"SIGKILL"' },
  { scenario: ['datagrams', fixture('say')], prints: '"kept":0' },
  { scenario: ['misuse'], prints: 'cannot reap twice' },
]

// Not all, for the time they take. And not "signals": valgrind 3.19 ended 2 of 36 runs of it by an assertion of its own
// (m_signals.c:2545, async_signalhandler), without an error in the addon; the sanitizers run it.
const underValgrind = ['orphans', 'statuses', 'throwing', 'write', 'datagrams']

/** Runs `scenario` under `tool`, for two minutes at most; what it printed and how it ended. */
async function run(
  tool: readonly string[],
  scenario: readonly string[],
  by: readonly string[] = [],
) {
  // Without NODE_OPTIONS, which tap gives to every child: what it loads listens to signals too.
  const [file = '', ...args] = [
    ...[...by, 'env', '-u', 'NODE_OPTIONS', ...tool],
    ...[process.execPath, driver, ...scenario],
  ]
  const child = spawn(file, args, { timeout: 120_000, killSignal: 'SIGKILL' })
  let text = ''
  child.stdout.on('data', (data) => (text += data))
  child.stderr.on('data', (data) => (text += data))
  const [code, signal] = await once(child, 'close')
  return { text, code, signal }
}

/** The addon as scripts/build.mjs builds it, but with `flags` and a C library linked; its path. */
function build(name: string, flags: readonly string[]): string {
  const source = join(root, 'src', 'native')
  const files = readdirSync(source).filter((file) => /(?<!exec-.*)\.c$/.test(file))
  const addon = join(folder, `${name}.node`)
  execFileSync(process.env['CC'] ?? 'cc', [
    ...['-std=c11', '-O1', '-g', '-fPIC', '-shared', '-fvisibility=hidden', '-D_GNU_SOURCE'],
    ...[...flags, '-isystem', join(root, 'third_party', 'node-headers'), '-o', addon],
    ...files.map((file) => join(source, file)),
  ])
  return addon
}

const sanitizer = execFileSync('cc', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim()
// Without debug information valgrind names the file of a frame.
const plain = build('plain', ['-g0'])
const tools: { name: string; tool: readonly string[] }[] = [
  {
    name: 'undefined behaviour traps',
    tool: [
      `ADDON=${build('undefined', ['-fsanitize=undefined', '-fsanitize-undefined-trap-on-error'])}`,
    ],
  },
  {
    name: 'AddressSanitizer',
    tool: [
      `LD_PRELOAD=${sanitizer}`,
      // The addon's handlers must be the ones that run.
      'ASAN_OPTIONS=detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:handle_abort=0',
      `ADDON=${build('address', ['-fsanitize=address'])}`,
    ],
  },
  {
    name: 'valgrind',
    // Code that V8 writes changes under valgrind's feet; and only errors with a frame of ours count.
    tool: [`ADDON=${plain}`, 'valgrind', '--smc-check=all-non-file', `--log-file=${folder}/%p.log`],
  },
]

for (const { name, tool } of tools) {
  const chosen = scenarios.filter(
    ({ scenario }) => name !== 'valgrind' || underValgrind.includes(scenario[0] ?? ''),
  )
  for (const { scenario, prints, by } of chosen) {
    t.test(`${name}: ${scenario[0]}`, { timeout: 150_000 }, async (t) => {
      const { text, code, signal } = await run(tool, scenario, by)
      t.match({ code, signal }, { code: 0, signal: null }, text.slice(-2000))
      t.ok(text.includes(prints), text.slice(-2000))
      t.notMatch(text, /AddressSanitizer/)
    })
  }
}

t.test('valgrind found no error with a frame of the addon', async (t) => {
  const logs = readdirSync(folder).filter((file) => file.endsWith('.log'))
  t.ok(logs.length >= underValgrind.length)
  for (const log of logs) t.notMatch(readFileSync(join(folder, log), 'utf8'), /plain\.node/, log)
})
