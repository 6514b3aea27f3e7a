import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { fixture } from '../rig/fixtures.ts'
import { alone, type Setting, unless } from '../rig/ringmaster.ts'

interface Refusal {
  readonly title?: string
  readonly args: readonly string[]
  readonly setting?: Setting
  readonly code: number
  /** What the one line on stderr has to name. */
  readonly names: RegExp
}

async function refuses(t: Test, { title, args, setting = {}, code, names }: Refusal) {
  const init = await alone(t, ['exec', ...args], setting)
  const end = await init.end()
  const name = title ?? args.join(' ')
  t.match(end, { code, signal: null, stdout: '' }, name)
  t.match(end.stderr, /^ringmaster: .*\n$/, `one line: ${name}`)
  t.match(end.stderr, names, name)
}

t.test('what is no proper use of exec ends with 64', async (t) => {
  const say = ['--', 'echo', 'ran']
  const folder = t.testdir({ nul: 'A=a\0\n', blank: 'B B=b\n' })
  writeFileSync(join(folder, 'latin'), Buffer.from('A=\xfc\n', 'latin1'))
  const cases: readonly (readonly [args: readonly string[], names: RegExp])[] = [
    [[], /no command/],
    [['--'], /no command/],
    [['-c'], /no command/],
    [['--nonsense', ...say], /--nonsense/],
    [['-x', ...say], /-x/],
    [['-cx', ...say], /-x/],
    [['--single-child=1', ...say], /--single-child/],
    [['-c', '-g', ...say], /-c and -g/],
    [['-r'], /--rewrite/],
    [['-r', 'TERM', ...say], /-r .*"TERM"/],
    [['-r', ':', ...say], /-r .*":"/],
    [['-r', 'TERM:', ...say], /-r .*"TERM:"/],
    [['-r', 'TERM:INT:HUP', ...say], /-r .*"TERM:INT:HUP"/],
    [['-r', 'NOPE:INT', ...say], /-r.*"NOPE"/],
    [['-r', 'TERM:SIGNOPE', ...say], /-r.*"SIGNOPE"/],
    [['-r', '0:TERM', ...say], /-r.*"0"/],
    [['-r', '32:TERM', ...say], /-r.*"32"/],
    [['-r', '65:TERM', ...say], /-r.*"65"/],
    [['-r', 'TERM:65', ...say], /-r.*"65"/],
    [['-r', 'TERM:-1', ...say], /-r.*"-1"/],
    [['-r', 'RTMIN+31:TERM', ...say], /-r.*"RTMIN\+31"/],
    [['-r', 'KILL:TERM', ...say], /-r.*KILL/],
    [['-r', 'STOP:TERM', ...say], /-r.*STOP/],
    [['-r', '17:TERM', ...say], /-r.*17/],
    [['-e', ...say], /-e|--success/],
    [['-e', '256', ...say], /-e.*"256"/],
    [['-e', '1.5', ...say], /-e.*"1.5"/],
    [['-e', '0x1', ...say], /-e.*"0x1"/],
    [['-e', '', ...say], /-e.*""/],
    [['-p', 'NOPE', ...say], /-p.*"NOPE"/],
    [['-p', '0', ...say], /-p.*"0"/],
    [['--env-file', '/nowhere/a.env', ...say], /\/nowhere\/a\.env.*ENOENT/],
    [['--env-file', '/', ...say], /\/: EISDIR/],
    [['--env-file', join(folder, 'nul'), ...say], /nul: A holds a NUL character/],
    [['--env-file', join(folder, 'blank'), ...say], /blank: "B B" is no name of a variable/],
    [['--env-file', join(folder, 'latin'), ...say], /latin: it is not UTF-8/],
  ]
  for (const [args, names] of cases) await refuses(t, { args, code: 64, names })
})

t.test(
  'a command that is not there ends with 127, one that cannot be executed with 126',
  async (t) => {
    const folder = t.testdir({
      folder: {},
      plain: 'x',
      text: 'echo ran\n',
      empty: '',
      hole: '#!/nowhere/sh\n',
      large: `A=${'x'.repeat(200_000)}\n`,
    })
    const path = (name: string) => join(folder, name)
    writeFileSync(path('elf'), readFileSync(fixture('listen')).subarray(0, 100))
    spawnSync('chmod', ['755', ...['text', 'empty', 'hole', 'elf'].map(path)])
    const inPath = { env: { PATH: folder } }
    const cases: readonly Refusal[] = [
      { args: ['absent'], setting: inPath, code: 127, names: /"absent".*not found in PATH/ },
      { args: ['plain'], setting: inPath, code: 126, names: /"plain".*permission denied/ },
      { args: ['hole'], setting: inPath, code: 127, names: /"hole".*interpreter/ },
      { args: [''], code: 127, names: /""/ },
      { args: ['/nowhere/nothing'], code: 127, names: /"\/nowhere\/nothing".*no such file/ },
      { args: [`${path('plain')}/below`], code: 127, names: /plain\/below".*no such file/ },
      { args: [path('plain')], code: 126, names: /plain".*permission denied/ },
      { args: [path('folder')], code: 126, names: /folder".*permission denied/ },
      { args: [path('text')], code: 126, names: /text".*wrong format/ },
      { args: [path('empty')], code: 126, names: /empty".*wrong format/ },
      { args: [path('elf')], code: 126, names: /elf".*(wrong format|i\/o error)/ },
      { args: [path('hole')], code: 127, names: /hole".*interpreter/ },
      { args: ['--env-file', path('large'), 'true'], code: 126, names: /"true".*too large/ },
    ]
    for (const refusal of cases) await refuses(t, refusal)
  },
)

t.test('an error of the kernel at the start of the child is one line too', async (t) => {
  const calls = {
    x64: { clone: 56, pipe2: 293, execve: 59 },
    arm64: { clone: 220, pipe2: 293, execve: 221 },
  }
  const { clone } = calls[process.arch as 'x64' | 'arm64']
  const refusing = (call: number, errno: number) => ({
    by: [fixture('refuse'), `${call}`, `${errno}`],
  })
  const [EAGAIN, ENOMEM] = [11, 12]
  // Threads are made by clone3 and processes by clone, in the C libraries of today.
  const cases: readonly Refusal[] = [
    {
      title: 'EAGAIN',
      args: ['true'],
      setting: refusing(clone, EAGAIN),
      code: 126,
      names: /"true".*no more processes/,
    },
    {
      title: 'ENOMEM',
      args: ['true'],
      setting: refusing(clone, ENOMEM),
      code: 126,
      names: /"true".*out of memory/,
    },
  ]
  for (const refusal of cases) await refuses(t, refusal)
})

const group = `/sys/fs/cgroup/pids/ringmaster-test-${process.pid}`
const hasPidsGroup = make(group)
if (hasPidsGroup) rmdirSync(group)

t.test('limits of the machine are one line, wherever they strike', async (t) => {
  const limits = [
    // With 4 less than enough Node.js itself does not start.
    {
      title: 'ulimit -n',
      script: 'ulimit -n "$0" && exec "$@"',
      names: /too many open files/,
      uses: 'fd',
      steps: 3,
      skip: false,
    },
    {
      title: 'the pids limit of a container',
      script: `echo "$0" > ${group}/pids.max && echo $$ > ${group}/cgroup.procs && exec "$@"`,
      names: /no more processes allowed/,
      uses: 'task',
      steps: 1,
      skip: unless(hasPidsGroup, 'no writable pids cgroup'),
    },
  ]
  for (const { title, script, names, uses, steps, skip } of limits) {
    await t.test(title, { skip }, async (t) => {
      if (title !== 'ulimit -n') {
        make(group)
        t.teardown(() => rmdirSync(group))
      }
      const probe = await alone(t, ['exec', fixture('listen')])
      await probe.ready()
      // More than enough, and not far from it.
      let limit = readdirSync(`/proc/${probe.pid}/${uses}`).length + 8
      const isEnough = async () => {
        const by = ['sh', '-c', script, `${limit}`]
        const end = await (await alone(t, ['exec', 'echo', 'ran'], { by })).end()
        if (end.code === 0) return true
        t.match(
          end,
          { code: 126, signal: null, stdout: '', stderr: /^ringmaster: .*"echo".*\n$/ },
          `${limit}`,
        )
        t.match(end.stderr, names)
        return false
      }
      while (await isEnough()) limit--
      for (let i = 1; i < steps; i++) {
        limit--
        t.notOk(await isEnough())
      }
    })
  }
})

function make(folder: string): boolean {
  try {
    mkdirSync(folder)
    return true
  } catch (error) {
    // EEXIST is no success: it would be somebody else's.
    if (error instanceof Error && 'code' in error) return false
    throw error
  }
}
