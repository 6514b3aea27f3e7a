import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { bareFastify, runProcesses, stamp } from './contenders.ts'
import {
  digits,
  median,
  percentile,
  printAtLeast,
  printTable,
  printTarget,
  shuffled,
} from './figures.ts'
import { answered, ask, freePort } from './http.ts'
import { inside, start } from './started.ts'

const loadMs = 20_000
const wrk = ['wrk', '-t1', '-c16', '-d3s', '--latency']
const rounds = 5

/** How fast probes are answered: while children crash and write, and at most. */
export async function measureEndpoint(): Promise<void> {
  await measureUnderLoad()
  await measureMost()
}

/** /readyz while 200 children run, 20 of them end once a second, and one of them writes. */
async function measureUnderLoad(): Promise<void> {
  const port = await freePort()
  const forEver = { restartPolicy: 'Always', restartLimit: null, backoff: { resetAfterSeconds: 0 } }
  const contender = runProcesses('run of 200 under load', port, {
    idle: { command: [stamp, 'signals'], replicas: 179 },
    crashing: { command: ['sleep', '1'], replicas: 20, ...forEver },
    talking: { command: [stamp, 'lines', '50'], logs: { format: 'prefix' } },
  })
  const started = await start(contender, [], { isLookedInto: true, readsOutput: true })
  await answered(port, '/startupz')
  await sleep(3000)
  const begin = performance.now()
  const times: number[] = []
  const from = Number(process.hrtime.bigint()) / 1e6
  while (performance.now() < begin + loadMs) {
    const at = performance.now()
    await ask(port, '/readyz')
    times.push(performance.now() - at)
    await sleep(5)
  }
  const seconds = (performance.now() - begin) / 1000
  const spawns = inside('spawn').filter(({ endMs }) => endMs > from)
  const { body } = await ask(port, '/metrics')
  const bytes = /output_bytes_total\{process="talking".*\} (\d+)/.exec(body)?.[1]
  await started.end()
  const lengths = spawns.map(({ ms }) => ms)
  const longest = percentile(lengths, 1)
  printTable(`endpoint: /readyz under load, ms, N = ${times.length}`, [
    ['', 'median', 'p99', 'longest'],
    [
      '/readyz',
      digits(median(times)),
      digits(percentile(times, 0.99)),
      digits(percentile(times, 1)),
    ],
    ['a spawn', digits(median(lengths)), digits(percentile(lengths, 0.99)), digits(longest)],
  ])
  console.log(
    `  ${digits(spawns.length / seconds)} spawns a second, ${digits(Number(bytes) / 1e6)} MB written since the start`,
  )
  printTarget('p99 ÷ longest spawn', percentile(times, 0.99) / longest, 2, '×')
}

/** Requests a second beside bare fastify. */
async function measureMost(): Promise<void> {
  if (spawnSync('wrk', ['--version']).error !== undefined) {
    console.log('\nendpoint: requests a second are left out, wrk is not installed')
    return
  }
  const ports = { run: await freePort(), bare: await freePort() }
  const one = runProcesses('run', ports.run, { child: { command: [stamp, 'signals'] } })
  const both = [await start(one, []), await start(bareFastify(ports.bare), [])]
  const rates = { run: [] as number[], bare: [] as number[] }
  for (const port of Object.values(ports)) await answered(port, '/readyz')
  for (let round = -1; round < rounds; round++) {
    for (const who of shuffled(['run', 'bare'] as const)) {
      const rate = await requestsPerSecond(ports[who])
      if (round >= 0) rates[who].push(rate)
    }
  }
  for (const { end } of both) await end()
  printTable(`endpoint: requests a second, N = ${rounds}`, [
    ['', 'median', 'most'],
    ['run', digits(median(rates.run)), digits(percentile(rates.run, 1))],
    ['bare fastify', digits(median(rates.bare)), digits(percentile(rates.bare, 1))],
  ])
  printAtLeast('run ÷ bare fastify, medians', median(rates.run) / median(rates.bare), 0.7, '×')
}

async function requestsPerSecond(port: number): Promise<number> {
  const [file = '', ...args] = [...wrk, `http://127.0.0.1:${port}/readyz`]
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.on('data', (data) => (text += data))
  await once(child, 'close')
  return Number(/^Requests\/sec:\s+([\d.]+)$/m.exec(text)?.[1])
}
