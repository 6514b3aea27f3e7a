import t, { type Test } from 'tap'
import { command, control } from '../rig/control.ts'
import { descendants, programOf } from '../rig/proc.ts'
import { alone, nodeCommand } from '../rig/ringmaster.ts'
import type { Running } from '../rig/running.ts'
import { script } from '../rig/supervise.ts'
import { lead, onTerminal } from '../rig/terminal.ts'

const sleeper = script('exec sleep 1000')
/** What has the terminal show another screen, and its own again. */
const [taken, left] = ['\x1b[?1049h\x1b[?25l', '\x1b[?25h\x1b[?1049l']
const busy = script('while :; do :; done')

t.test('top shows what instances use, once where nobody sees it change', async (t) => {
  const { ask } = await control(t, alone, {
    processes: { idle: { ...sleeper, replicas: 2 }, busy, off: { ...sleeper, autoStart: false } },
  })
  t.match(ask('wait', 'idle', 'busy', '--timeout', '10'), { code: 0 })
  const { code, stdout } = ask('top')
  t.equal(code, 0)
  t.match(stdout.split('\n'), [
    /^NAME +CPU% +RSS +RESTARTS +PHASE +READY +PID +FDS +AGE$/,
    /^busy\.1 +[1-9][\d.]* +[\d.]+ [KM]iB +0 +running +yes +\d+ +\d+ +\d+s$/,
    /^idle\.1 +0\.0 /,
    /^idle\.2 +0\.0 /,
    /^off\.1 +0\.0 +- +0 +stopped +no +- +- +-$/,
    '',
  ])
  const rows = JSON.parse(ask('top', 'busy', '-o', 'json').stdout)
  t.match(rows, [{ name: 'busy.1', restarts: 0, openFds: Number, residentBytes: Number }])
  t.ok(rows[0].cpuPercent > 1)
  t.match(ask('top', '--sort', 'name').stdout, /\nidle\.1.*\nidle\.2.*\nbusy\.1/)
  t.match(ask('top', '--sort', 'size'), { code: 64, stderr: /--sort takes cpu/ })
  t.match(ask('top', 'nobody'), { code: 1, stderr: /no such process/ })
  t.match(command(['top', '--socket', '/nowhere']), { code: 2 })
})

/** `ringmaster top` in a shell on a terminal, which tells its settings before and after. */
async function shown(t: Test, socket: string) {
  const top = nodeCommand(['top', '--socket', socket]).join(' ')
  const text = `stty rows 6 columns 50; stty -g; ${top}; echo "code $?"; stty -g`
  const terminal = onTerminal(t, [lead(), 'sh', '-c', text])
  const before = await settings(terminal)
  await terminal.until(() => /busy\.1 +\d/.test(terminal.stdout))
  const pid = descendants(terminal.pid).find((one) => programOf(one.pid) === process.execPath)?.pid
  return { terminal, before, top: pid ?? 0 }
}

async function settings(terminal: Running): Promise<string> {
  const [, text = ''] = await terminal.line(/^([0-9a-f:]{40,})\r?$/)
  return text
}

t.test('on a terminal it fits, and leaves that as it was', async (t) => {
  const { ask, socket } = await control(t, alone, {
    processes: { busy, idle: { ...sleeper, replicas: 9 } },
  })
  t.match(ask('wait', 'all', '--timeout', '10'), { code: 0 })
  for (const [how, code] of [
    ['q', 0],
    ['\x03', 0],
    ['SIGINT', 0],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    const { terminal, before, top } = await shown(t, socket)
    const [frame = ''] = terminal.stdout.split('\x1b[H').slice(-1)
    const lines = frame.split('\x1b[K\r\n')
    t.equal(lines.at(-1), `and 7 more${'\x1b[K\x1b[J'}`, 'what does not fit is counted')
    t.ok(lines.length <= 6, `${lines.length} lines`)
    for (const line of lines.slice(0, -1)) t.ok(line.length <= 50, line)
    terminal.resize(20, 120)
    await terminal.until(() => /idle\.9/.test(terminal.stdout.split('\x1b[H').at(-1) ?? ''))
    if (how.length === 1) terminal.type(how)
    else process.kill(top, how)
    await terminal.line(new RegExp(`code ${code}\\r?$`))
    t.equal(await settings(terminal), before, `${how}: the terminal is as it was`)
    const [, after = ''] = terminal.stdout.split(left)
    t.match(after, /^code/, 'and nothing was drawn after it was left')
  }
})

t.test('it can be put aside', async (t) => {
  const { ask, socket } = await control(t, alone, { processes: { busy } })
  t.match(ask('wait', 'all', '--timeout', '10'), { code: 0 })
  const { terminal, top } = await shown(t, socket)
  terminal.type('\x1a')
  await terminal.until(() => terminal.state(top) === 'T')
  await terminal.until(() => terminal.stdout.endsWith(left))
  process.kill(top, 'SIGCONT')
  await terminal.until(() => terminal.stdout.split(left)[1]?.startsWith(taken))
  terminal.type('q')
  await terminal.line(/code 0\r?$/)
})

t.test('the end of Ringmaster is told where it can be read', async (t) => {
  const { ringmaster, ask, socket } = await control(t, alone, { processes: { busy } })
  t.match(ask('wait', 'all', '--timeout', '10'), { code: 0 })
  const { terminal } = await shown(t, socket)
  ringmaster.signal('SIGTERM')
  await terminal.line(/code 2\r?$/)
  t.match(terminal.stdout.split(left)[1], /^ringmaster: (cannot reach|lost the connection)/)
})

t.test('status --watch shows its head, and as many as fit', async (t) => {
  const { ask, socket } = await control(t, alone, {
    processes: { busy, idle: { ...sleeper, replicas: 9 } },
  })
  t.match(ask('wait', 'all', '--timeout', '10'), { code: 0 })
  const status = nodeCommand(['status', '--watch', '--socket', socket]).join(' ')
  const terminal = onTerminal(t, [lead(), 'sh', '-c', `stty rows 6 columns 50; exec ${status}`])
  await terminal.line(/^and 7 more\r?$/)
  const [, frame = ''] = terminal.stdout.split('\x1b[H\x1b[J')
  t.match(frame.split('\r\n'), [/^NAME/, /^busy\.1/, /^idle\.1/, /^idle\.2/, 'and 7 more', ''])
  terminal.type('\x03')
  t.match(await terminal.exit(), { code: 130 })
})
