import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { benchEnv, folder, runLogging } from './contenders.ts'
import { digits, median, printAtLeast, printTable, printTarget, shuffled } from './figures.ts'
import { linesProgram, type Passed, pass, type Way, writer } from './log-pass.ts'
import { takeOwnShare } from './own-share.ts'

const rounds = 5
const lines = 3_000_000

const has = (program: string) => spawnSync(program, ['--version']).error === undefined
const both = (command: (id: number) => string, count: number) =>
  Array.from({ length: count }, (_, i) => `${command(i + 1)} &`).join(' ')
const shell = (name: string, command: (writers: number, lines: number) => string): Way => ({
  name,
  command: (writers, lines) => ['sh', '-c', command(writers, lines)],
})
const ringmaster = (name: string, logs: object, files?: Way['files']): Way => ({
  name,
  command: (writers, lines) => runLogging(writer('${instance.number}', lines), writers, logs),
  ...(files && { files }),
})
const writers = (count: number, lines: number) => both((id) => writer(id, lines).join(' '), count)

const file = join(folder, 'log')
const ways: readonly Way[] = [
  shell('no supervisor', (count, lines) => `${writers(count, lines)} wait`),
  ringmaster('inherit', { stdout: 'inherit' }),
  shell('cat', (count, lines) => `{ ${writers(count, lines)} wait; } | cat`),
  ringmaster('raw', { format: 'raw' }),
  ringmaster('prefix', { format: 'prefix' }),
  ringmaster('json', { format: 'json' }),
  ringmaster(
    'file',
    { stdout: { file: `${file}.$\{instance.number}`, maxBytes: 0 } },
    (id) => `${file}.${id}`,
  ),
  ...(has('supervisord') ? [{ name: 'supervisord', command: runSupervisord }] : []),
  ...(has('s6-log')
    ? [
        shell('s6-log', (count, lines) =>
          [both((id) => `${writer(id, lines).join(' ')} | s6-log 1`, count), 'wait'].join(' '),
        ),
      ]
    : []),
]

/** As in a container: what its children write goes to its own stdout. */
function runSupervisord(count: number, lines: number): readonly string[] {
  const path = join(folder, 'supervisord.conf')
  const programs = Array.from({ length: count }, (_, i) => [
    `[program:w${i + 1}]`,
    `command=${writer(i + 1, lines).join(' ')}`,
    ...['autorestart=false', 'startsecs=0', 'redirect_stderr=true'],
    ...['stdout_logfile=/dev/fd/1', 'stdout_logfile_maxbytes=0'],
  ])
  const own = ['logfile=/dev/null', 'logfile_maxbytes=0', `pidfile=${path}.pid`]
  writeFileSync(path, ['[supervisord]', ...own, ...programs.flat(), ''].join('\n'))
  return ['supervisord', '-n', '-c', path]
}

/** How fast lines pass, and what they cost. */
export async function measureLogs(): Promise<void> {
  takeOwnShare()
  for (const count of [1, 10]) {
    const samples = new Map<string, Passed[]>(ways.map(({ name }) => [name, []]))
    for (let round = 0; round < rounds; round++) {
      for (const way of shuffled(ways)) {
        samples.get(way.name)?.push(await pass(way, count, lines))
      }
    }
    report(count, samples)
  }
  await measureStall()
}

function report(count: number, samples: ReadonlyMap<string, readonly Passed[]>): void {
  const middle = (name: string, figure: keyof Passed) =>
    median((samples.get(name) ?? []).map((passed) => passed[figure]))
  const rate = (name: string) => middle(name, 'megabytesPerSecond')
  const cpu = (name: string) => middle(name, 'cpuSecondsPerGigabyte')
  const wrong = (name: string) =>
    (samples.get(name) ?? []).reduce((sum, { wrongLines }) => sum + wrongLines, 0)
  const peer = samples.has('supervisord') ? 'supervisord' : 'cat'
  printTable(`logs: ${count} writers, lines of 100 bytes, ${lines * 50e-6} MB, N = ${rounds}`, [
    ['', 'MB/s', `of ${peer}`, 'CPU s/GB', 'wrong lines'],
    ...ways.map(({ name }) => [
      ...[name, digits(rate(name)), digits(rate(name) / rate(peer))],
      ...[digits(cpu(name)), `${wrong(name)}`],
    ]),
  ])
  printAtLeast('inherit, of no supervisor', rate('inherit') / rate('no supervisor'), 0.95, ' ×')
  printTarget('prefix', cpu('prefix'), 4, ' CPU s/GB')
  printTarget('json', cpu('json'), 10, ' CPU s/GB')
  const own = ['inherit', 'raw', 'prefix', 'json', 'file']
  printTarget(
    'wrong lines',
    own.map(wrong).reduce((sum, lines) => sum + lines),
    0,
  )
  if (peer !== 'supervisord') return
  printAtLeast('raw, of supervisord', rate('raw') / rate(peer), 1.2, ' ×')
  printTarget('raw, CPU of supervisord', cpu('raw') / cpu(peer), 1, ' ×')
  printAtLeast('prefix, of supervisord', rate('prefix') / rate(peer), 0.9, ' ×')
  printAtLeast('json, of supervisord', rate('json') / rate(peer), 0.5, ' ×')
}

/** What 100 children that write all they can cost in memory while nobody reads. */
async function measureStall(): Promise<void> {
  const rssOf = async (...command: string[]) => {
    const [node = '', ...args] = runLogging(command, 100, { format: 'prefix' })
    const child = spawn(node, args, { env: benchEnv, stdio: ['ignore', 'pipe', 'ignore'] })
    child.stdout.pause()
    await new Promise((resolve) => setTimeout(resolve, 8000))
    const status = readFileSync(`/proc/${child.pid}/status`, 'latin1')
    child.kill()
    child.stdout.resume()
    await new Promise((resolve) => child.on('close', resolve))
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
  }
  const silent = await rssOf('sleep', '1000')
  const flooding = await rssOf(linesProgram, 'write', folder, '1', '1000000000')
  console.log(
    `\nlogs: 100 children, nobody reads: ${digits(silent)} MB when they are silent, ${digits(flooding)} MB when they flood`,
  )
  printTarget('growth', flooding - silent, 16, ' MB')
}
