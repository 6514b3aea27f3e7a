import { createServer, type Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { runProcesses } from './contenders.ts'
import { digits, percentile, printTable, printTarget } from './figures.ts'
import { footprintOf, start } from './started.ts'

const settleMs = 20_000
const sampleMs = 20_000
const punctual = 50
const [few, many] = [20, 200]
/** All together are tried this often a second, however many there are. */
const triesPerSecond = 40

/** When probes are tried, and what an instance with probes takes. */
export async function measureProbed(): Promise<void> {
  const { server, port, takeArrivals } = await listen()
  try {
    await measureTimes(port, takeArrivals)
    await measureMemory(port)
  } finally {
    server.close()
  }
}

/** Tries of 50 liveness probes, once a second each: how late each is in the row of its own. */
async function measureTimes(port: number, takeArrivals: () => Arrivals): Promise<void> {
  const periodMs = 1000
  const started = await start(
    runProcesses('run', 0, {
      web: {
        ...{ command: ['sleep', '1000'], replicas: punctual },
        livenessProbe: {
          httpGet: { port, path: '/$' + '{instance.number}' },
          periodSeconds: periodMs / 1000,
        },
      },
    }),
    [],
  )
  await sleep(settleMs)
  takeArrivals()
  await sleep(sampleMs)
  const late = [...takeArrivals().values()].flatMap((times) => {
    const first = times[0] ?? 0
    const offsets = times.map((time, count) => time - first - count * periodMs)
    const least = Math.min(...offsets)
    return offsets.map((offset) => offset - least)
  })
  await started.end()
  const title = `probe times: ${punctual} instances, idle, ${late.length} tries, ms after the most punctual`
  printTable(title, [
    ['median', 'p99', 'worst'],
    [0.5, 0.99, 1].map((share) => digits(percentile(late, share))),
  ])
  printTarget('run, p99', percentile(late, 0.99), 20, ' ms')
}

/** From few to many instances, with as many tries a second: so what V8 takes for the tries themselves does not count. */
async function measureMemory(port: number): Promise<void> {
  const sizes = new Map<string, number>()
  for (const hasProbes of [false, true]) {
    for (const replicas of [few, many]) {
      const probe = { httpGet: { port }, periodSeconds: (2 * replicas) / triesPerSecond }
      const probes = { startupProbe: probe, readinessProbe: probe, livenessProbe: probe }
      const started = await start(
        runProcesses('run', 0, {
          web: { command: ['sleep', '1000'], replicas, ...(hasProbes && probes) },
        }),
        [],
      )
      await sleep(settleMs)
      sizes.set(`${hasProbes} ${replicas}`, footprintOf(started.pid).privateDirtyKb)
      await started.end()
    }
  }
  const each = (hasProbes: boolean) =>
    ((sizes.get(`${hasProbes} ${many}`) ?? Number.NaN) -
      (sizes.get(`${hasProbes} ${few}`) ?? Number.NaN)) /
    (many - few)
  printTable('probes, private memory of one more instance, KB', [
    ['without', 'with three probes'],
    [digits(each(false)), digits(each(true))],
  ])
  printTarget('run, three probes', each(true) - each(false), 12, ' KB')
}

/** When requests came, in ms, by what they begin with. */
type Arrivals = Map<string, number[]>

async function listen(): Promise<{ server: Server; port: number; takeArrivals: () => Arrivals }> {
  let arrivals: Arrivals = new Map()
  const server = createServer((socket) => {
    const now = performance.now()
    socket.on('error', () => {})
    socket.on('data', (request) => {
      const path = request.toString('latin1').split(' ', 2)[1] ?? ''
      const times = arrivals.get(path)
      if (times) times.push(now)
      else arrivals.set(path, [now])
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    server,
    port: typeof address === 'object' && address ? address.port : 0,
    takeArrivals() {
      const taken = arrivals
      arrivals = new Map()
      return taken
    },
  }
}
