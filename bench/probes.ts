import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { bareProbes, probedScript, runProcesses } from './contenders.ts'
import { digits, median, printTable, printTarget, shuffled } from './figures.ts'
import { cpuMicros, start } from './started.ts'

const count = 50
const periodMs = 100
const rounds = 3
const settleMs = 10_000
const sampleMs = 5000

/** The CPU of 500 HTTP probes a second, of a server that is at hand. */
export async function measureProbes(): Promise<void> {
  const server = spawn(process.execPath, [probedScript], { stdio: ['ignore', 'pipe', 'ignore'] })
  const [line] = (await once(server.stdout, 'data')) as [Buffer]
  const port = Number(line)
  const livenessProbe = { httpGet: { port }, periodSeconds: periodMs / 1000 }
  const contenders = [
    bareProbes(port, count, periodMs),
    runProcesses('run', 0, {
      web: { command: ['sleep', '1000'], replicas: count, livenessProbe },
    }),
  ]
  const micros = new Map(contenders.map(({ name }) => [name, [] as number[]]))
  for (let round = 0; round < rounds; round++) {
    for (const contender of shuffled(contenders)) {
      const started = await start(contender, [])
      await sleep(settleMs)
      const before = cpuMicros(started.pid)
      await sleep(sampleMs)
      const used = cpuMicros(started.pid) - before
      micros.get(contender.name)?.push((used / sampleMs) * (periodMs / count))
      await started.end()
    }
  }
  server.kill()
  const [bare, own] = contenders.map(({ name }) => median(micros.get(name) ?? []))
  printTable(`probes: ${(count / periodMs) * 1000} HTTP probes a second, N = ${rounds}`, [
    ['', 'CPU µs a probe, median'],
    ...contenders.map(({ name }) => [name, digits(median(micros.get(name) ?? []))]),
  ])
  printTarget(
    'run, CPU over that of bare node:net',
    (own ?? Number.NaN) / (bare ?? Number.NaN),
    1.4,
    ' ×',
  )
}
