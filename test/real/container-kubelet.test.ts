// A container's life under the probes of a kubelet.
import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import { configured, connectPod, runContainer } from '../rig/containers.ts'
import { needsContainers, projectImage } from '../rig/images.ts'
import {
  type Kind,
  type Kubelet,
  type Probes,
  type Result,
  tryOnce,
  watch,
} from '../rig/kubelet.ts'
import { until } from '../rig/launched.ts'
import { descendants, programOf } from '../rig/proc.ts'

t.setTimeout(900_000)
t.jobs = 1
const skip = needsContainers
const image = skip ? '' : projectImage()

const running: Probes = {
  livenessProbe: { httpGet: { path: '/livez', port: 9099 }, periodSeconds: 1 },
  readinessProbe: {
    httpGet: { path: '/readyz', port: 9099 },
    periodSeconds: 1,
    failureThreshold: 1,
  },
}
const probes: Probes = {
  ...running,
  startupProbe: {
    httpGet: { path: '/startupz', port: 9099 },
    periodSeconds: 1,
    failureThreshold: 60,
  },
}

const server = `
const server = require('node:http').createServer((request, response) => response.end('served'))
server.listen(8080)
process.on('SIGTERM', () => server.close())
`

t.test(
  'a pod starts late, flaps, drains while it serves on, and stops with 0',
  { skip },
  async (t) => {
    const config = {
      shutdown: { drainSeconds: 5, terminationGracePeriodSeconds: 20 },
      processes: {
        web: {
          command: ['node', '-e', server],
          startDelaySeconds: 5,
          backoff: { initialSeconds: 4, jitter: 0 },
          restartLimit: null,
        },
      },
    }
    const container = runContainer(t, image, [], configured(t, config))
    const address = await connectPod(t, container)
    const kubelet = watch(address, probes)
    t.teardown(() => kubelet.stop())
    const isServed = async () =>
      (await tryOnce(address, { httpGet: { path: '/', port: 8080 } })).isSuccess

    await says(t, kubelet, ['started', 'ready'])
    t.ok(answers(kubelet, 'startupProbe').includes('503'), 'asked before it was ready')

    // The first death is made good at once, the second after a wait that a probe sees.
    const pid = await container.pid()
    const web = () => descendants(pid).find(({ pid }) => programOf(pid)?.endsWith('/node'))?.pid
    const first = await until(() => web())
    process.kill(first, 'SIGKILL')
    const second = await until(() => [web()].find((pid) => pid !== first))
    const before = kubelet.results.length
    const isReadyAgain = ({ probe, isSuccess }: Result) => probe === 'readinessProbe' && isSuccess
    await until(() => kubelet.results.slice(before).find(isReadyAgain))
    await says(t, kubelet, ['not ready', 'ready'], () => process.kill(second, 'SIGKILL'))
    await until(async () => (await isServed()) || undefined)

    let stopping: Promise<void> | undefined
    await says(t, kubelet, ['not ready'], () => {
      stopping = container.stop(20)
    })
    for (let i = 0; i < 20; i++) t.ok(await isServed(), 'served during the drain')
    await stopping
    kubelet.stop()
    t.equal(await container.ended(), 0)
    t.strictSame([...new Set(answers(kubelet, 'livenessProbe'))], ['200'])
  },
)

t.test(
  'a crash loop is not ready, and alive until Ringmaster itself gives up with its code',
  { skip },
  async (t) => {
    const config = {
      processes: {
        web: { command: ['sleep', '1000'] },
        loop: {
          command: ['sh', '-c', 'exit 9'],
          backoff: { initialSeconds: 0.5, maxSeconds: 2, jitter: 0 },
          restartLimit: { count: 8, withinSeconds: 600 },
        },
      },
    }
    const container = runContainer(t, image, [], configured(t, config))
    const kubelet = watch(await connectPod(t, container), running)
    t.teardown(() => kubelet.stop())
    t.equal(await container.ended(), 9)
    kubelet.stop()
    t.notMatch(kubelet.story.join(), 'kill')
    const alive = answers(kubelet, 'livenessProbe')
    t.ok(alive.length > 3, `asked ${alive.length} times, which is more than a kubelet forgives`)
    t.strictSame([...new Set(alive)], ['200'])
    t.ok(answers(kubelet, 'readinessProbe').includes('503'))
  },
)

t.test('the kubelet of these tests judges as a kubelet does', async (t) => {
  const served = createServer((request, response) => {
    const [, status = 0, location] = /^\/(\d+)(?:\?(.*))?$/.exec(request.url ?? '') ?? []
    if (request.url === '/slow') return
    response.writeHead(Number(status) || 200, location ? { location } : {})
    if (request.url === '/endless') {
      const write = () =>
        void (response.writable && response.write('x'.repeat(8192), () => setImmediate(write)))
      return write()
    }
    response.end()
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => served.once('listening', resolve))
  t.teardown(
    () =>
      new Promise((resolve) => {
        served.closeAllConnections()
        served.close(resolve)
      }),
  )
  const bound = served.address()
  const port = typeof bound === 'object' && bound ? bound.port : 0
  for (const [path, isSuccess] of [
    ['/200', true],
    ['/399', true],
    ['/400', false],
    ['/503', false],
    ['/slow', false],
    ['/endless', true],
    ['/302?/200', true],
    ['/302?/503', false],
    ['/302?http://elsewhere.invalid/', true],
  ] as const) {
    const probe = { httpGet: { path, port }, timeoutSeconds: path === '/slow' ? 0.05 : 10 }
    t.equal((await tryOnce('127.0.0.1', probe)).isSuccess, isSuccess, path)
  }

  const dead = watch('127.0.0.1', {
    startupProbe: { httpGet: { path: '/200', port }, periodSeconds: 0.01 },
    livenessProbe: { httpGet: { path: '/503', port }, periodSeconds: 0.01 },
    readinessProbe: { httpGet: { path: '/503', port }, periodSeconds: 0.01 },
  })
  await says(t, dead, ['started', 'kill: livenessProbe'])
  t.equal(dead.results.filter(({ probe }) => probe === 'livenessProbe').length, 3)
})

/** The statuses that a probe got: there are none where nobody listens, which is before the start and after the end. */
function answers({ results }: Kubelet, kind: Kind): readonly string[] {
  const own = results.filter(({ probe }) => probe === kind).map(({ answer }) => answer)
  return own.filter((answer) => /^\d+$/.test(answer))
}

/** What is added to the story from now on, or from `act` on, is `entries`. */
async function says(
  t: Test,
  kubelet: Kubelet,
  entries: readonly string[],
  act?: () => void,
): Promise<void> {
  const begin = act ? kubelet.story.length : 0
  act?.()
  const news = () => kubelet.story.slice(begin)
  const isOver = () => news().length >= entries.length || /kill/.test(`${news()}`)
  await until(() => isOver() || undefined, { tell: () => ` for ${entries}: ${kubelet.story}` })
  t.strictSame(news(), entries)
}
