import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { folder, runLogging } from './contenders.ts'
import { digits, median, printTable, printTarget, shuffled } from './figures.ts'

const rounds = 3
const totalBytes = 30_000_000
/** `yes` and `dd`: lines of 100 bytes, 40 in a write. */
const line = 'x'.repeat(99)
const generator = (bytes: number) =>
  `yes ${line} | dd bs=4000 iflag=fullblock count=${Math.round(bytes / 4000)} status=none`

interface Way {
  readonly name: string
  /** What is executed so that so many generators write so much in all. */
  readonly command: (children: number) => readonly string[]
  /** Bytes of a line, where they are known. */
  readonly lineBytes?: number
  /** Where the lines go instead of stdout. */
  readonly file?: string
}

const log = join(folder, 'log')
const ringmaster = (name: string, logs: object, rest: Partial<Way> = {}): Way => ({
  name,
  command: (children) => runLogging(['sh', '-c', generator(totalBytes / children)], children, logs),
  ...rest,
})

const ways: readonly Way[] = [
  {
    name: 'cat',
    command: (children) => [
      ...['sh', '-c'],
      `(${new Array(children).fill(`${generator(totalBytes / children)} &`).join(' ')} wait) | cat`,
    ],
    lineBytes: 100,
  },
  ringmaster('inherit', { stdout: 'inherit' }, { lineBytes: 100 }),
  ringmaster('raw', { format: 'raw' }, { lineBytes: 100 }),
  ringmaster('prefix', { format: 'prefix' }),
  ringmaster('json', { format: 'json' }),
  ringmaster(
    'file',
    { stdout: { file: `${log}.$\{instance.number}`, maxBytes: 0 } },
    { file: log },
  ),
]

/** How fast lines pass, and what they cost. */
export async function measureLogs(): Promise<void> {
  for (const children of [1, 10]) {
    const samples = new Map(
      ways.map(({ name }) => [name, { rate: [] as number[], cpu: [] as number[] }]),
    )
    for (let round = 0; round < rounds; round++) {
      for (const way of shuffled(ways)) {
        const { megabytesPerSecond, cpuSecondsPerGigabyte } = await pass(way, children)
        samples.get(way.name)?.rate.push(megabytesPerSecond)
        samples.get(way.name)?.cpu.push(cpuSecondsPerGigabyte)
      }
    }
    const rateOf = (name: string) => median(samples.get(name)?.rate ?? [])
    printTable(
      `logs: ${children} children, lines of 100 bytes, ${totalBytes / 1e6} MB, N = ${rounds}`,
      [
        ['', 'MB/s', 'of cat', 'CPU s/GB'],
        ...ways.map(({ name }) => [
          ...[name, digits(rateOf(name)), digits(rateOf(name) / rateOf('cat'))],
          name === 'cat' ? '' : digits(median(samples.get(name)?.cpu ?? [])),
        ]),
      ],
    )
  }
  await measureStall()
}

async function pass({ name, command, lineBytes, file }: Way, children: number) {
  const [program = '', ...args] = command(children)
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  const seen = { bytes: 0, firstMs: 0, lastMs: 0 }
  child.stdout.on('data', ({ length }: Buffer) => {
    seen.bytes += length
    seen.lastMs = performance.now()
    if (seen.firstMs === 0) seen.firstMs = seen.lastMs
  })
  const cpu = { first: 0, last: 0 }
  const timer = setInterval(() => {
    if (file && seen.bytes === 0 && sizeOf(file) > 0) seen.firstMs ||= performance.now()
    cpu.last = cpuSeconds(child.pid ?? 0) ?? cpu.last
    if (seen.firstMs === 0) cpu.first = cpu.last
  }, 10)
  await new Promise((resolve) => child.on('close', resolve))
  clearInterval(timer)
  if (file) {
    seen.lastMs = performance.now()
    seen.bytes = sizeOf(file)
    for (const path of filesOf(file)) rmSync(path)
  }
  const wanted = lineBytes ?? (file ? 100 : undefined)
  if (wanted && seen.bytes !== (totalBytes / 100) * wanted) {
    throw new Error(`${name}: ${seen.bytes} bytes have come`)
  }
  return {
    megabytesPerSecond: totalBytes / 1000 / (seen.lastMs - seen.firstMs),
    cpuSecondsPerGigabyte: ((cpu.last - cpu.first) / totalBytes) * 1e9,
  }
}

/** What 100 children that write all they can cost in memory while nobody reads. */
async function measureStall(): Promise<void> {
  const rssOf = async (program: string) => {
    const [node = '', ...args] = runLogging(['sh', '-c', program], 100, { format: 'prefix' })
    const child = spawn(node, args, { stdio: ['ignore', 'pipe', 'ignore'] })
    child.stdout.pause()
    await new Promise((resolve) => setTimeout(resolve, 8000))
    const status = readFileSync(`/proc/${child.pid}/status`, 'latin1')
    child.kill()
    child.stdout.resume()
    await new Promise((resolve) => child.on('close', resolve))
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
  }
  const silent = await rssOf('exec sleep 1000')
  const flooding = await rssOf(`exec yes ${line}`)
  console.log(
    `\nlogs: 100 children, nobody reads: ${digits(silent)} MB when they are silent, ${digits(flooding)} MB when they flood`,
  )
  printTarget('growth', flooding - silent, 16, ' MB')
}

function cpuSeconds(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    // It has ended.
    return undefined
  }
}

function filesOf(file: string): readonly string[] {
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => path.startsWith(`${file}.`))
}

function sizeOf(file: string): number {
  return filesOf(file).reduce((sum, path) => sum + statSync(path).size, 0)
}
