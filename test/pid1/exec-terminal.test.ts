import t, { type Test } from 'tap'
import { fixture } from '../rig/fixtures.ts'
import { childrenOf, findProcess } from '../rig/proc.ts'
import { asPid1, findRingmaster, needsNamespace, nodeCommand } from '../rig/ringmaster.ts'
import { lead, onTerminal } from '../rig/terminal.ts'

const [ctrlC, ctrlD, ctrlZ, ctrlBackslash] = ['\x03', '\x04', '\x1a', '\x1c']

/** A shell with job control leads the session; the commands typed into it are run by Ringmaster. */
async function inShell(t: Test) {
  const terminal = onTerminal(t, [lead(), 'sh', '-i'])
  const prefix = nodeCommand(['exec', '--']).join(' ')
  terminal.enter('echo shell ready $$')
  const [, shell = ''] = await terminal.line(/^shell ready (\d+)$/)
  const hasTerminal = () => findProcess(Number(shell))?.foreground === Number(shell)
  return {
    terminal,
    exec: (command: string) => terminal.enter(`${prefix} ${command}`),
    /** The shell is in the foreground and reads what is typed. */
    async answers(code = '\\d+') {
      await terminal.until(hasTerminal, 'shell in the foreground')
      terminal.enter('echo code=$?')
      await terminal.line(new RegExp(`^code=${code}$`))
    },
    /** Ringmaster, as the only child of the shell. */
    async ringmaster() {
      return terminal.until(() => childrenOf(Number(shell))[0]?.pid, 'child of the shell')
    },
  }
}

t.test('in a shell, Ctrl-C and Ctrl-\\ reach the child alone, which decides', async (t) => {
  const { terminal, exec, answers } = await inShell(t)
  for (const [key, signal] of [
    [ctrlC, 2],
    [ctrlBackslash, 3],
  ] as const) {
    exec(`${fixture('listen')} x 15 7`)
    const child = await terminal.ready('x')
    terminal.type(key)
    await terminal.line(new RegExp(`x got ${signal}$`))
    process.kill(child, 'SIGTERM')
    await terminal.line(/x got 15$/)
    await answers('7')
    t.equal(terminal.stdout.match(new RegExp(`x got ${signal}\\b`, 'g'))?.length, 1, 'once')
  }
  exec("sh -c 'echo ready $$; exec sleep 100'")
  await terminal.ready()
  terminal.type(ctrlC)
  await answers('130')
})

t.test('in a shell, Ctrl-Z suspends the job and fg resumes it', async (t) => {
  const { terminal, exec, answers, ringmaster } = await inShell(t)
  exec("sh -c 'echo ready $$; exec cat'")
  const child = await terminal.ready()
  const init = await ringmaster()
  for (const word of ['one', 'two']) {
    await terminal.until(() => findProcess(child)?.foreground === child, 'child in the foreground')
    terminal.enter(word)
    await terminal.line(new RegExp(`^${word}$`)) // echo
    await terminal.line(new RegExp(`^${word}$`)) // cat
    terminal.type(ctrlZ)
    await terminal.until(() => terminal.state(init) === 'T' && terminal.state(child) === 'T', 'T')
    await answers()
    terminal.enter('jobs')
    await terminal.line(/(Stopped|Suspended).*ringmaster/)
    terminal.enter('fg')
    await terminal.until(() => terminal.state(init) !== 'T' && terminal.state(child) !== 'T')
  }
  await terminal.until(() => findProcess(child)?.foreground === child)
  terminal.type(ctrlD)
  await answers('0')
})

t.test('in a shell, a job in the background leaves the terminal to the shell', async (t) => {
  const { terminal, exec, answers } = await inShell(t)
  exec(`${fixture('listen')} x 15 7 &`)
  const child = await terminal.ready('x')
  await answers('0')
  t.not(findProcess(child)?.foreground, child)
  process.kill(child, 'SIGTERM')
  await terminal.line(/x got 15/)
  terminal.enter('wait %1')
  await answers('7')
})

t.test('in a shell, a job in the background that reads is stopped until fg', async (t) => {
  const { terminal, exec, answers, ringmaster } = await inShell(t)
  exec("sh -c 'echo ready $$; exec cat' &")
  const child = await terminal.ready()
  const init = await ringmaster()
  await terminal.until(() => terminal.state(init) === 'T' && terminal.state(child) === 'T', 'T')
  await answers('0')
  terminal.enter('fg')
  await terminal.until(() => findProcess(child)?.foreground === child, 'child in the foreground')
  terminal.enter('hello')
  await terminal.line(/^hello$/)
  await terminal.line(/^hello$/)
  terminal.type(ctrlC)
  await answers('130')
})

t.test('in a shell, the child has a group of its own in the session of the shell', async (t) => {
  const { terminal, exec, answers, ringmaster } = await inShell(t)
  exec(`${fixture('listen')} x 15 0`)
  const child = findProcess(await terminal.ready('x'))
  const init = findProcess(await ringmaster())
  t.equal(child?.session, init?.session)
  t.match(child, { group: child?.pid, foreground: child?.pid })
  terminal.resize(33, 44)
  await terminal.line(/x got 28$/)
  process.kill(child?.pid ?? 0, 'SIGTERM')
  await answers('0')
  terminal.enter('stty size')
  await terminal.line(/33 44$/)
})

t.test(
  'a script without job control has the terminal again when the child has ended',
  async (t) => {
    const script = '"$@" && read line && echo read $line'
    const terminal = onTerminal(t, [
      lead(),
      'sh',
      '-c',
      script,
      'sh',
      ...nodeCommand(['exec', 'cat']),
    ])
    terminal.enter('for cat')
    await terminal.line(/^for cat$/) // echo
    await terminal.line(/^for cat$/)
    terminal.type(ctrlD)
    terminal.enter('for sh')
    await terminal.line(/^read for sh$/)
    t.match(await terminal.exit(), { code: 0 })
  },
)

const ways = [
  { way: 'as PID 1', wrap: asPid1, skip: needsNamespace },
  { way: 'as an ordinary process', wrap: (command: readonly string[]) => command, skip: false },
] as const

for (const { way, wrap, skip } of ways) {
  const leading = (t: Test, command: readonly string[]) =>
    findRingmaster(onTerminal(t, wrap([lead(), ...nodeCommand(['exec', '--', ...command])])))

  t.test(
    `where Ringmaster leads the session, the child takes the terminal with its own, ${way}`,
    { skip },
    async (t) => {
      const init = await leading(t, [fixture('listen'), 'x', '15', '9'])
      const child = await init.ready('x')
      t.match(findProcess(child), { group: child, session: child, foreground: child })
      t.equal(findProcess(init.pid)?.foreground, -1, 'Ringmaster has none')
      init.type(ctrlC)
      await init.line(/x got 2$/)
      init.resize(20, 30)
      await init.line(/x got 28$/)
      init.signal('SIGTERM')
      t.match(await init.exit(), { code: 9 })
      t.same(init.stdout.match(/got \d+/g), ['got 2', 'got 28', 'got 15'], 'nothing else, and once')
    },
  )

  t.test(
    `where only stdout is the terminal, the child takes it too, ${way}`,
    { skip },
    async (t) => {
      const by = [lead(), 'sh', '-c', 'exec "$@" < /dev/null', 'sh']
      const command = wrap([...by, ...nodeCommand(['exec', '--', fixture('listen'), 'x'])])
      const init = await findRingmaster(onTerminal(t, command))
      const child = await init.ready('x')
      t.match(findProcess(child), { group: child, session: child, foreground: child })
      init.type(ctrlC)
      await init.line(/x got 2$/)
    },
  )

  t.test(
    `where Ringmaster leads the session, a shell in it has job control, ${way}`,
    { skip },
    async (t) => {
      const init = await leading(t, ['sh', '-i'])
      init.enter('echo ready $$')
      const shell = await init.ready()
      const isBack = () => findProcess(shell)?.foreground === shell
      init.resize(41, 101)
      init.enter('stty size')
      await init.line(/^41 101$/)
      init.enter("sh -c 'echo job ready $$; exec sleep 100'")
      const job = await init.ready('job')
      init.type(ctrlZ)
      await init.until(() => init.state(job) === 'T' && isBack(), 'stopped job')
      t.not(init.state(), 'T')
      init.enter('jobs')
      await init.line(/(Stopped|Suspended).*sleep/)
      init.enter('fg')
      await init.until(() => init.state(job) !== 'T' && findProcess(job)?.foreground === job, 'job')
      init.type(ctrlC)
      await init.until(isBack, 'shell in the foreground')
      init.enter('echo code=$?')
      await init.line(/code=130$/)
      init.enter('exit 4')
      t.match(await init.exit(), { code: 4 })
      t.notMatch(init.stdout, /can't access tty|no job control/)
    },
  )
}
