import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import t from 'tap'
import {
  asUser,
  ended,
  fields,
  helper,
  isRoot,
  needsRoot,
  needsUser,
  type Outcome,
  ownStatus,
  run,
  type Setting,
  shared,
  start,
  stat,
} from '../rig/exec-helper.ts'

// The numbers of system calls here.
const CLOSE_RANGE = 436
const [SETRESUID, SETRESGID] = process.arch === 'arm64' ? [147, 149] : [117, 119]
const NONE = '0'.repeat(16)
const show = shared('show')
const dirty = shared('dirty')
const refuse = shared('refuse')
const withTerminal = shared('with-terminal')
const status = ['cat', '/proc/self/status']
const statLine = ['cat', '/proc/self/stat']

async function statusOf(options: readonly string[], setting: Setting = {}) {
  return fields((await good(options, { command: status, ...setting })).stdout)
}

async function shown(options: readonly string[], setting: Setting = {}) {
  return fields((await good(options, { command: [show], ...setting })).stdout)
}

/** Runs to a clean end; a test in which the helper fails has nothing else to say. */
async function good(options: readonly string[], setting: Setting): Promise<Outcome> {
  const outcome = await run(options, setting)
  if (outcome.code !== 0 || outcome.report !== '') throw new Error(JSON.stringify(outcome))
  return outcome
}

t.test('the command gets its arguments and its environment as they are', async (t) => {
  const script = 'printf "[%s]" "$0" "$@" "$GREETING"'
  const command = ['sh', '-c', script, 'zero', 'a b', '', '--', 'uid=1']
  const env = { ...process.env, GREETING: 'good day' }
  const { stdout, report } = await run([], { command, env })
  t.equal(stdout, '[zero][a b][][--][uid=1][good day]')
  t.equal(report, '')
})

t.test('its exit code and its death by a signal pass through', async (t) => {
  t.match(await run([], { command: ['sh', '-c', 'exit 42'] }), { code: 42, signal: null })
  t.match(await run([], { command: ['sh', '-c', 'kill -TERM $$'] }), { signal: 'SIGTERM' })
})

t.test('signals are at their default and not blocked, real-time ones too', async (t) => {
  const careless = fields(execFileSync(dirty, status, { encoding: 'utf8' }))
  t.match(careless, { SigIgn: /^fffffffffff/, SigBlk: /^fffffffffff/ }, 'the fixture works')
  t.match(await statusOf([], { by: [dirty] }), { SigIgn: NONE, SigBlk: NONE, SigCgt: NONE })
})

t.test('the ignored and blocked signals that it is told', async (t) => {
  const sets = { SigIgn: '8000000000001001', SigBlk: '0000000400004000', SigCgt: NONE }
  const options = [`ignored=${sets.SigIgn}`, `blocked=${sets.SigBlk}`]
  t.match(await statusOf(options), sets)
  t.match(await statusOf(options, { by: [dirty] }), sets)
  t.match(
    await statusOf([...options, 'session=1', 'terminal=4', 'foreground=4'], { by: [withTerminal] }),
    sets,
  )
})

t.test('what stands for bytes becomes bytes', async (t) => {
  const bytes = (text: string) => Buffer.from(text, 'latin1').toString('hex')
  const command = [
    'sh',
    '-c',
    'printf "%s%s" "$1" "$X" | od -An -v -tx1 | tr -d " \\n"',
    'sh',
    '\u{10ff80}\u{10ffff}é\u{10ff7f}',
  ]
  const { stdout } = await run(['bytes=1'], { command, env: { ...process.env, X: '\u{10ffe9}' } })
  t.equal(stdout, `${bytes('\x80\xff\xc3\xa9\xf4\x8f\xbd\xbf')}e9`)
  const as = await run([], { command: ['printf', '%s', '\u{10ff80}'] })
  t.equal(as.stdout, '\u{10ff80}', 'only where that is asked for')
})

t.test('descriptors', async (t) => {
  const open = async (by: readonly string[]) => (await shown([], { by }))['fds']?.split(',') ?? []
  t.notOk((await open([])).includes('3'), 'the report descriptor is closed at exec')
  t.ok((await open([dirty])).includes('40'), 'without "fds" the others stay')
  t.equal((await shown(['fds=3'], { by: [dirty] }))['fds'], '0,1,2')
  t.match((await shown(['fds=21'], { by: [dirty] }))['fds'], /,20$/)
  for (const [name, errno] of Object.entries({ EPERM: 1, EINVAL: 22, ENOSYS: 38 })) {
    const by = [dirty, refuse, String(CLOSE_RANGE), String(errno)]
    t.equal((await shown(['fds=3'], { by }))['fds'], '0,1,2', `close_range answers ${name}`)
  }
})

t.test('plain attributes, as an ordinary user', { skip: needsUser }, async (t) => {
  const by = asUser
  t.equal((await statusOf(['umask=027'], { by }))['Umask'], '0027')
  t.equal((await statusOf(['nnp=1'], { by }))['NoNewPrivs'], '1')
  const cpu = ownStatus()['Cpus_allowed_list']?.match(/^\d+/)?.[0] ?? '0'
  t.equal((await statusOf([`affinity=${cpu}`], { by }))['Cpus_allowed_list'], cpu)
  t.equal((await statusOf([`affinity=${cpu}-${cpu},8191`], { by }))['Cpus_allowed_list'], cpu)
  t.equal((await shown(['ionice=2:6'], { by }))['ionice'], '2:6')
  t.equal((await shown(['ionice=3:0'], { by }))['ionice'], '3:0')
  const stdout = async (options: string[], command: string[]) =>
    (await good(options, { by, command })).stdout
  t.equal(stat(await stdout(['nice=19'], statLine)).nice, 19)
  t.equal(await stdout(['cwd=/proc/self'], ['sh', '-c', 'test -e status && echo here']), 'here\n')
  const oom = ['cat', '/proc/self/oom_score_adj']
  t.equal(await stdout(['oom=1000'], oom), '1000\n')
  t.equal(await stdout(['oomhint=1000'], oom), '1000\n')
  const raised = ['sh', '-c', 'echo 960 >/proc/self/oom_score_adj; exec "$@"', 'sh', ...by]
  const above = async (hint: string) =>
    (await good([`oomhint=${hint}`], { by: raised, command: oom })).stdout
  t.equal(await above('+7'), '967\n')
  t.equal(await above('+50'), '1000\n', 'more there is not')
  const kept = await stdout(['oomhint=-1000'], oom)
  t.equal(kept, readFileSync('/proc/self/oom_score_adj', 'utf8'), 'what cannot be is no error')
  const limits = await stdout(['rlimit=7:64:128', 'rlimit=4:0:0'], ['cat', '/proc/self/limits'])
  t.match(limits, /Max open files +64 +128 /)
  t.match(limits, /Max core file size +0 +0 /)
  const cpuTime = ['rlimit=0:unlimited:unlimited']
  t.match(await stdout(cpuTime, ['cat', '/proc/self/limits']), /cpu time +unlimited +unlimited/)
})

t.test('sessions and groups', async (t) => {
  const of = async (options: string[], by: readonly string[] = []) =>
    stat((await good(options, { by, command: statLine })).stdout)
  const own = stat(readFileSync('/proc/self/stat', 'utf8'))
  const plain = await of([])
  t.same([plain.group, plain.session], [own.group, own.session])
  const grouped = await of(['group=1'])
  t.same([grouped.group, grouped.session], [grouped.pid, own.session])
  const led = await of(['group=1', 'session=1'])
  t.same([led.group, led.session], [led.pid, led.pid])
  const again = await of(['session=1', 'group=1'], [helper, 'session=1', '--'])
  t.same([again.group, again.session], [again.pid, again.pid], 'nothing to do is no error')
})

t.test('terminals', async (t) => {
  const by = [withTerminal]
  const of = async (options: string[]) => {
    const { stdout } = await good(['fds=3', ...options], { by, command: statLine })
    return stat(stdout)
  }
  const led = await of(['session=1', 'terminal=4'])
  t.not(led.terminal, 0)
  t.equal(led.foreground, led.pid)
  const both = await of(['foreground=4', 'terminal=4', 'session=1'])
  t.equal(both.foreground, both.pid)

  // The shell holds the terminal; its child asks from the background, which SIGTTOU would stop.
  const inner = `${helper} report=2 group=1 foreground=4 -- cat /proc/self/stat; true`
  const command = ['sh', '-c', inner]
  const { stdout, stderr } = await good(['session=1', 'terminal=4', 'fds=5'], { by, command })
  t.equal(stderr, '')
  const child = stat(stdout)
  t.not(child.session, child.pid)
  t.equal(child.group, child.pid)
  t.equal(child.foreground, child.pid)
})

t.test('variables become the own PID', async (t) => {
  const command = ['sh', '-c', 'echo "$$ $LISTEN_PID $WATCHDOG_PID $LISTEN_FDS"']
  const env = { ...process.env, LISTEN_PID: '0000000000', WATCHDOG_PID: '0000000000' }
  const both = ['pidin=LISTEN_PID', 'pidin=WATCHDOG_PID']
  const setting = { command, env: { ...env, LISTEN_FDS: '1' } }
  t.match((await good(both, setting)).stdout, /^(\d+) \1 \1 1\n$/)
  t.match((await good(['pidin=WATCHDOG_PID'], setting)).stdout, /^(\d+) 0000000000 \1 1\n$/)
  t.match((await good([], setting)).stdout, /^\d+ 0000000000 0000000000 1\n$/)
  const five = Array.from({ length: 5 }, () => 'pidin=LISTEN_PID')
  t.match(await run(five, setting), { code: 126, report: '22 pidin\n' })
})

t.test('the signal for the death of the parent', async (t) => {
  const parent = `deathsig=10:${process.pid}`
  t.equal((await shown([parent]))['deathsig'], '10')
  const late = await run(['deathsig=10:2147483647'])
  t.match(late, { code: null, signal: 'SIGUSR1', report: '' }, 'the parent is gone already')
  t.match(await run(['deathsig=18:2147483647']), { code: 0 }, 'SIGCONT does not end it')

  const script = `${helper} deathsig=9:$$ fds=3 -- sleep 1000 & echo $!; wait`
  const shell = start([], { command: ['sh', '-c', script] })
  const end = ended(shell)
  const sleeper = await new Promise<number>((resolve) => {
    shell.stdout?.once('data', (bytes: Buffer) => resolve(Number(bytes)))
  })
  // Its own process does the setting, so wait for what it became.
  const name = () => readFileSync(`/proc/${sleeper}/comm`, 'utf8').trim()
  while (name() !== 'sleep') await new Promise((resolve) => setTimeout(resolve, 5))
  shell.kill('SIGKILL')
  const timer = setTimeout(() => process.kill(sleeper, 'SIGKILL'), 5000)
  const begin = performance.now()
  await end // The sleeper holds the output open.
  clearTimeout(timer)
  t.ok(performance.now() - begin < 4900)
})

t.test('groups and users that are as asked for are no step', { skip: needsUser }, async (t) => {
  const { Groups, Uid, Gid } = await statusOf([], { by: asUser })
  const [uid, gid] = [Uid?.split('\t')[0], Gid?.split('\t')[0]]
  const groups = (Groups ?? '').split(' ').filter((group) => group !== '')
  const options = [`groups=${groups.reverse().join(',')}`, `gid=${gid}`, `uid=${uid}`]
  const after = await statusOf([...options, 'capabilities=0'], { by: asUser })
  t.match(after, { Groups, Uid, Gid, CapEff: NONE })
  for (const call of [SETRESUID, SETRESGID]) {
    const by = [...asUser, refuse, String(call), '1']
    t.match(await statusOf(options, { by }), { Groups, Uid, Gid }, 'it is not even called')
  }
})

t.test('users, groups and capabilities, as root', { skip: needsRoot }, async (t) => {
  const caps = (bits: string) => bits.padStart(16, '0')
  const all = { CapInh: caps('400'), CapPrm: caps('400'), CapEff: caps('400'), CapAmb: caps('400') }
  const nothing = { CapInh: NONE, CapPrm: NONE, CapEff: NONE, CapAmb: NONE }
  const { CapBnd } = ownStatus()
  const user = ['uid=1234', 'gid=2345']

  t.match(await statusOf([...user, 'groups=30,10,20']), {
    ...{ Uid: '1234\t1234\t1234\t1234', Gid: '2345\t2345\t2345\t2345', Groups: '10 20 30' },
    ...{ CapPrm: NONE, CapEff: NONE, CapAmb: NONE, CapBnd },
  })
  t.equal((await statusOf(['groups='], { by: [helper, 'groups=1,2', '--'] }))['Groups'], '')
  const by = [helper, 'groups=1,2', '--']
  t.equal((await statusOf(['groups=1'], { by }))['Groups'], '1', 'a part of the set is not the set')
  t.equal((await statusOf(['groups=1,2,3'], { by }))['Groups'], '1 2 3')

  t.match(await statusOf([...user, 'capabilities=400']), { ...all, CapBnd, NoNewPrivs: '0' })
  t.match(await statusOf([...user, 'capabilities=400', 'nnp=1']), { ...all, NoNewPrivs: '1' })
  t.match(await statusOf([...user, 'capabilities=0']), nothing)
  t.match(await statusOf(['bounding=400', ...user, 'capabilities=400']), {
    ...all,
    CapBnd: caps('400'),
  })
  t.match(await statusOf(['bounding=0', ...user]), { ...nothing, CapBnd: NONE })
  const inheriting = ['setpriv', '--inh-caps', '+net_bind_service,+net_raw', '--']
  t.match(await statusOf(['bounding=400'], { by: inheriting }), {
    ...{ CapInh: caps('400'), CapPrm: caps('400'), CapEff: caps('400'), CapBnd: caps('400') },
  })
  const inherited = { CapInh: caps('2400'), CapEff: caps('400'), CapAmb: caps('400') }
  t.match(await statusOf([...user, 'inheritable=2000', 'capabilities=400']), inherited)
  t.match(await statusOf(['inheritable=400'], { by: inheriting }), { CapInh: caps('400') })
  t.match(await statusOf([...user, 'inheritable=0'], { by: inheriting }), nothing)
  t.equal((await shown([...user, 'capabilities=400']))['securebits'], '0', 'no bit is left over')

  t.match(await statusOf(['capabilities=400']), { ...all, CapBnd }, 'root is given no more at exec')
  t.match(await statusOf(['capabilities=400', 'nnp=1']), { ...all, CapBnd })
  t.match(await statusOf(['capabilities=0']), { ...nothing, CapBnd })
  t.equal((await shown(['capabilities=400', 'nnp=1']))['securebits'], '0')
  t.equal((await shown(['capabilities=400', 'bounding=400']))['securebits'], '0')

  // CAP_SETUID and CAP_SETGID alone, and nothing but them in the bounding set.
  const weak = [helper, 'bounding=c0', 'capabilities=c0', '--']
  t.match(await statusOf([...user, 'capabilities=0'], { by: weak }), nothing)
  t.match(await statusOf(['bounding=c0', 'capabilities=c0'], { by: weak }), { CapEff: caps('c0') })

  const parent = `deathsig=10:${process.pid}`
  t.equal((await shown([parent, ...user]))['deathsig'], '10', 'a change of user keeps deathsig')
  t.equal((await shown([parent, ...user, 'capabilities=400', 'nnp=1']))['deathsig'], '10')
  t.equal((await shown([parent, 'capabilities=400']))['deathsig'], '10')
})

t.test('the order on the command line does not matter', async (t) => {
  const options = [
    ...['umask=077', 'cwd=/', 'nice=19', 'session=1', 'fds=3', 'rlimit=4:0:0', 'nnp=1'],
    ...(isRoot ? ['uid=1234', 'gid=2345', 'groups=7', 'bounding=400', 'capabilities=400'] : []),
  ]
  const facts = ({ Umask, NoNewPrivs, Uid, Gid, Groups, CapEff, CapBnd }: Record<string, string>) =>
    [Umask, NoNewPrivs, Uid, Gid, Groups, CapEff, CapBnd].join(' ')
  t.equal(facts(await statusOf(options)), facts(await statusOf(options.toReversed())))
})
