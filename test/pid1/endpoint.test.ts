import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { chooseSeed, createRandom } from '../rig/random.ts'
import { RawClient } from '../rig/raw-client.ts'
import { alone, type Start, ways } from '../rig/ringmaster.ts'
import type { Running } from '../rig/running.ts'
import { folder, script, supervise, type TestConfig } from '../rig/supervise.ts'
import { until } from '../rig/wait.ts'

const http = { host: '127.0.0.1', port: 0 }
const crashing = script('echo crash; exit 1', {
  backoff: { initialSeconds: 0.05, maxSeconds: 0.05 },
  restartLimit: null,
  essential: false,
})

async function start(
  t: Test,
  how: Start,
  processes: TestConfig['processes'],
  by: readonly string[] = [],
): Promise<{ ringmaster: Running; port: number }> {
  const ringmaster = await supervise(t, how, { http, processes }, { by })
  const [, port] = await ringmaster.line(/127\.0\.0\.1:(\d+)\/readyz/)
  return { ringmaster, port: Number(port) }
}

/** Asks as the kubelet does: on a connection of its own. */
async function probe(t: Test, port: number, path: string): Promise<string> {
  const client = await RawClient.connect(t, port)
  client.send(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
  await client.closed()
  return `${client.text.slice(9, 12)} ${client.text.split('\r\n\r\n')[1]}`
}

/** The descriptors of Ringmaster. */
function descriptors({ pid }: Running): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

for (const { way, start: how, skip } of ways) {
  t.test(
    `${way}: from the signal on readyz fails, livez does not, and both answer until the end`,
    { skip },
    async (t) => {
      const go = join(folder(t), 'go')
      const wait = `while ! [ -e ${go} ]; do sleep 0.01; done`
      const { ringmaster, port } = await start(t, how, {
        web: script(
          `trap 'echo stopping; ${wait}; exit' TERM; echo up; while :; do sleep 0.01; done`,
        ),
      })
      await ringmaster.line(/up$/)
      t.equal(await probe(t, port, '/readyz'), '200 ok')
      ringmaster.signal('SIGTERM')
      await ringmaster.line(/stopping$/)
      const failed = '503 [-]shutdown in progress\n[-]web.1 stopping\nreadyz check failed\n'
      t.equal(await probe(t, port, '/readyz'), failed)
      t.equal(await probe(t, port, '/readyz/web'), failed)
      t.equal(await probe(t, port, '/livez'), '200 ok')
      writeFileSync(go, '')
      t.match(await ringmaster.exit(), { code: 0 })
    },
  )
}

t.test(
  '10,000 silent connections are survived: at most 512 stay, and all else goes on',
  async (t) => {
    const { ringmaster, port } = await start(t, alone, { crashing })
    const before = descriptors(ringmaster)
    const clients: RawClient[] = []
    while (clients.length < 10_000) {
      const more = Array.from({ length: 500 }, () => RawClient.connect(t, port))
      clients.push(...(await Promise.all(more)))
      t.equal(await probe(t, port, '/livez'), '200 ok')
      // Each line is given out once.
      await ringmaster.line(/crash$/)
    }
    await until(() => clients.filter(({ isClosed }) => !isClosed).length <= 512)
    // A restart has some, too.
    t.ok(descriptors(ringmaster) <= before + 512 + 20)
    const [, rss] =
      /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${ringmaster.pid}/status`, 'latin1')) ?? []
    t.ok(Number(rss) < 150_000, `${rss} kB`)
    await ringmaster.line(/crash$/)
    ringmaster.signal('SIGTERM')
    t.match(await ringmaster.end(), { code: 0 })
  },
)

t.test('connections take at most a quarter of the descriptors', async (t) => {
  const { ringmaster, port } = await start(t, alone, { crashing }, ['prlimit', '--nofile=100:100'])
  const clients = await Promise.all(Array.from({ length: 200 }, () => RawClient.connect(t, port)))
  await until(() => clients.filter(({ isClosed }) => !isClosed).length <= 25)
  for (let count = 0; count < 3; count++) await ringmaster.line(/crash$/)
  t.equal(await probe(t, port, '/livez'), '200 ok')
  t.notMatch(ringmaster.stderr, /EMFILE/)
  ringmaster.signal('SIGTERM')
  t.match(await ringmaster.end(), { code: 0 })
})

const pieces = [
  ...[
    'GET ',
    'HEAD ',
    'POST ',
    'PRI * HTTP/2.0',
    '/livez',
    '/readyz?verbose',
    '/metrics',
    '/%ff',
    '?exclude=',
  ],
  ...[
    ' HTTP/1.1',
    ' HTTP/1.0',
    '\r\n',
    '\r\n\r\n',
    '\n',
    '\r',
    '\u0000',
    ' ',
    ':',
    'Host: a',
    'Host: b',
  ],
  ...[
    'Content-Length: 5',
    'Content-Length: -1',
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: x',
  ],
  ...[
    'Connection: close',
    'Upgrade: h2c',
    'Connection: upgrade',
    'Expect: 100-continue',
    'Expect: x',
  ],
  ...[
    'Accept: application/json',
    '5\r\nabcde\r\n',
    '0\r\n\r\n',
    'ffffffffffffffff\r\n',
    'x'.repeat(9000),
  ],
  ...['GET /livez HTTP/1.1\r\nHost: a\r\n\r\n', 'GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n'],
]

t.test('whatever is sent, the next probe is answered', async (t) => {
  const seed = chooseSeed()
  t.comment(`seed ${seed}`)
  const random = createRandom(seed)
  const oneOf = <T>(all: readonly T[]) => all[Math.floor(random() * all.length)] as T
  const { ringmaster, port } = await start(t, alone, { web: script('exec sleep 1000') })
  for (let round = 0; round < 300; round++) {
    const client = await RawClient.connect(t, port)
    for (let count = random() * 12; count > 0; count--) client.send(oneOf(pieces))
    oneOf([
      () => client.socket.end(),
      () => client.socket.destroy(),
      () => client.socket.resetAndDestroy(),
    ])()
    if (round % 10 === 0) t.equal(await probe(t, port, '/livez'), '200 ok')
  }
  t.notMatch(ringmaster.stderr, /"level":"error"/)
  ringmaster.signal('SIGTERM')
  t.match(await ringmaster.end(), { code: 0 })
})
