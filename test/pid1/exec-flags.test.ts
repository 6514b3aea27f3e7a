import t from 'tap'
import { fixture } from '../rig/fixtures.ts'
import { alone } from '../rig/ringmaster.ts'

const [HUP, INT, QUIT, USR1, USR2, TERM, CONT, TSTP, URG] = [1, 2, 3, 10, 12, 15, 18, 20, 23]

t.test('-r has another signal sent', async (t) => {
  const cases: readonly (readonly [rewrite: string, sent: number, got: number])[] = [
    ['TERM:QUIT', TERM, QUIT],
    ['SIGTERM:SIGINT', TERM, INT],
    ['term:usr1', TERM, USR1],
    ['15:2', TERM, INT],
    ['HUP:34', HUP, 34],
    ['RTMIN:RTMAX', 34, 64],
    ['SIGRTMIN+3:RTMAX-1', 37, 63],
    ['40:TERM', 40, TERM],
    ['SEGV:USR2', 11, USR2],
    ['CONT:USR2', CONT, USR2],
  ]
  const rewrites = cases.flatMap(([rewrite]) => ['-r', rewrite])
  t.equal(rewrites.length, 2 * cases.length)
  for (const [rewrite, sent, got] of cases) {
    const init = await alone(t, ['exec', '-r', rewrite, '--', fixture('listen')])
    await init.ready()
    init.signal(sent)
    await init.line(/^got/)
    t.equal(init.stdout.trim().split('\n').at(-1), `got ${got}`, rewrite)
  }
})

t.test('-r may be given for several signals, and 0 drops one', async (t) => {
  const options = ['-r', 'TERM:0', '-r', 'INT:USR1', '--rewrite', '64:0', '-rHUP:USR2']
  const init = await alone(t, ['exec', ...options, '--', fixture('listen')])
  await init.ready()
  for (const [sent, got] of [
    [INT, USR1],
    [HUP, USR2],
    [QUIT, QUIT],
  ] as const) {
    init.signal(TERM)
    init.signal(64)
    init.signal(sent)
    await init.line(new RegExp(`^got ${got}$`))
  }
  t.equal(init.stdout.match(/^got/gm)?.length, 3, init.stdout)
})

t.test('a rewritten TSTP still stops Ringmaster', async (t) => {
  for (const [to, got] of [
    ['USR1', USR1],
    ['0', undefined],
    ['TSTP', TSTP],
  ] as const) {
    const init = await alone(t, ['exec', '-r', `TSTP:${to}`, '--', fixture('listen')])
    const child = await init.ready()
    init.signal(TSTP)
    await init.until(() => init.state() === 'T')
    if (got !== undefined) await init.line(new RegExp(`^got ${got}$`))
    t.not(init.state(child), 'T', `${to}: the child goes on`)
    init.signal(CONT)
    await init.line(/^got 18$/)
  }
})

t.test('options end at the command, whose own look the same', async (t) => {
  for (const separator of [[], ['--']]) {
    const command = ['echo', '-c', '--help', '-e', '1', '--']
    const init = await alone(t, ['exec', '-g', ...separator, ...command])
    t.match(await init.end(), { code: 0, stdout: '-c --help -e 1 --\n', stderr: '' })
  }
})

t.test('--help prints the options and runs nothing', async (t) => {
  for (const help of ['-h', '--help']) {
    const init = await alone(t, ['exec', help, 'echo', 'ran'])
    const { code, stdout, stderr } = await init.end()
    t.match({ code, stderr }, { code: 0, stderr: '' })
    t.match(stdout, /^Usage: ringmaster exec/)
    t.notMatch(stdout, /^ran$/m)
  }
})

t.test('-v tells start and end, twice each signal too', async (t) => {
  for (const options of [['-v'], ['-vv'], ['-v', '--verbose']]) {
    const command = [fixture('listen'), '', `${TERM}`, '3']
    const init = await alone(t, ['exec', ...options, '--', ...command])
    await init.ready()
    init.signal(TERM)
    const { code, stderr } = await init.end()
    const isTwice = options.join('').replaceAll('--', '').split('v').length > 2
    t.equal(code, 3)
    t.match(stderr, /^ringmaster: started \S+ as pid \d+$/m)
    t.match(stderr, /^ringmaster: pid \d+ ended with code 3$/m)
    t.equal(/SIGTERM/.test(stderr), isTwice, options.join(' '))
  }
})

t.test('the variables of tini and dumb-init are honoured', async (t) => {
  const cases: readonly {
    readonly env: Readonly<Record<string, string>>
    readonly options?: readonly string[]
    readonly isSingle?: boolean
    readonly says?: RegExp
  }[] = [
    { env: {} },
    { env: { TINI_VERBOSITY: '0' } },
    { env: { TINI_VERBOSITY: '1' } },
    { env: { TINI_VERBOSITY: '2' }, says: /started/ },
    { env: { TINI_VERBOSITY: '3' }, says: /SIGTSTP/ },
    { env: { TINI_VERBOSITY: 'much' } },
    { env: { TINI_SUBREAPER: '1', TINI_KILL_PROCESS_GROUP: '1' } },
    { env: { DUMB_INIT_DEBUG: '1' }, says: /SIGTSTP/ },
    { env: { DUMB_INIT_DEBUG: '0' } },
    { env: { DUMB_INIT_SETSID: '1' } },
    { env: { DUMB_INIT_SETSID: '0' }, isSingle: true },
    { env: { DUMB_INIT_SETSID: '0', TINI_KILL_PROCESS_GROUP: '1' } },
    { env: { DUMB_INIT_SETSID: '0' }, options: ['-g'] },
    { env: { TINI_KILL_PROCESS_GROUP: '1' }, options: ['-c'], isSingle: true },
  ]
  for (const { env, options = [], isSingle = false, says } of cases) {
    const title = JSON.stringify([env, options])
    const init = await alone(t, ['exec', ...options, '--', fixture('listen')], { env })
    const child = await init.ready()
    init.signal(TSTP)
    await init.until(() => init.state() === 'T')
    if (isSingle) await init.line(/^got 20$/)
    else await init.until(() => init.state(child) === 'T', `a stopped group: ${title}`)
    init.signal(CONT)
    await init.line(/^got 18$/)
    init.signal(URG)
    await init.line(/^got 23$/)
    t.match(init.stderr, says ?? /^$/, title)
  }
})
