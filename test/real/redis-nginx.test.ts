// Debian's redis-server and nginx under `run` as PID 1, killed again and again under load.
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { launch, until, zombiesOf } from '../rig/launched.ts'
import { childrenOf, findProcess } from '../rig/proc.ts'
import { needsNamespace, program, unless } from '../rig/ringmaster.ts'
import { freePort, nginxConfig, userId } from '../rig/servers.ts'

const kills = 20
const canRun = [
  ['redis-server', '--version'],
  ['redis-benchmark', '--version'],
  ['nginx', '-v'],
]
const skip =
  unless(process.getuid?.() === 0, 'needs root, to become the users of the servers') ||
  unless(
    canRun.every(([file = '', ...args]) => spawnSync(file, args).status === 0),
    'needs the Debian packages redis-server, redis-tools and nginx-light',
  ) ||
  needsNamespace
t.setTimeout(300_000)

t.test('redis and nginx come back each time they are killed under load', { skip }, async (t) => {
  const redis = { user: userId('redis'), port: await freePort() }
  const nginx = { user: userId('www-data'), port: await freePort() }
  const config = writeConfig(redis, nginx)
  const init = launch(t, [process.execPath, program, 'run', config])
  const [, url = ''] = await init.match(/(http:\S+)\/metrics/)
  const pid = await init.pid()
  const main = (name: string) => childrenOf(pid).find((child) => isMain(child.pid, name))?.pid
  const servers = [
    { name: 'redis-server', isUp: () => answersPing(redis.port) },
    { name: 'nginx', isUp: () => answersHttp(nginx.port) },
  ]
  const isUp = (isUp: () => Promise<boolean>, name: string) =>
    until(async () => ((await isUp()) && main(name)) || undefined, {
      tell: () => ` for ${name}:\n${init.output().slice(-3000)}`,
    })
  for (const server of servers) await isUp(server.isUp, server.name)

  // The benchmark ends when its server does, so it is started again.
  const benchmark = `redis-benchmark -p ${redis.port} -c 4 -n 1000000 -t set,get -q >&2`
  launch(t, ['sh', '-c', `while :; do ${benchmark}; sleep 0.02; done`], { stderrFile: '/dev/null' })
  const load = new AbortController()
  let answers = 0
  const requests = repeat(load.signal, async () => {
    if (await answersHttp(nginx.port)) answers++
  })
  const probes = { good: 0, bad: [] as unknown[] }
  const probing = repeat(load.signal, async () => {
    for (const path of ['readyz', 'metrics']) {
      try {
        const { status } = await fetch(`${url}/${path}`)
        if (status === 200 || (path === 'readyz' && status === 503)) probes.good++
        else probes.bad.push(status)
      } catch (error) {
        probes.bad.push(error)
      }
    }
  })

  for (let i = 0; i < kills; i++) {
    for (const server of servers) {
      const old = await isUp(server.isUp, server.name)
      process.kill(old, 'SIGKILL')
      await until(() => (main(server.name) ?? old) !== old || undefined)
      await isUp(server.isUp, server.name)
    }
  }
  load.abort()
  await Promise.all([requests, probing])
  t.ok(answers > kills, `${answers} answers of nginx`)
  t.strictSame(probes.bad, [], `the endpoint answered ${probes.good} times`)
  t.ok(probes.good > kills)

  for (const [process, user] of [
    ['redis', redis.user],
    ['nginx', nginx.user],
  ]) {
    const text = await (await fetch(`${url}/metrics`)).text()
    const lines = text.split('\n').filter((line) => line.startsWith('ringmaster_process_restarts'))
    t.strictSame(
      lines.filter((line) => line.includes(`process="${process}"`)),
      [
        `ringmaster_process_restarts_total{process="${process}",replica="1",cause="signal"} ${kills}`,
      ],
    )
    const name = process === 'redis' ? 'redis-server' : 'nginx'
    t.match(readFileSync(`/proc/${main(name)}/status`, 'utf8'), `Uid:\t${user}\t${user}\t${user}`)
  }
  t.equal((await fetch(`${url}/readyz`)).status, 200)
  await until(() => zombiesOf(pid).length === 0 || undefined)
  await init.signal('SIGTERM')
  t.equal(await init.ended(), 0)
  t.match(init.output(), 'bye bye', 'redis had time for its farewell')
  t.equal(findProcess(pid), undefined)
})

interface Server {
  readonly user: number
  readonly port: number
}

/** In a folder where the servers may write; returns the file's path. */
function writeConfig(redis: Server, nginx: Server): string {
  const folder = mkdtempSync(join(tmpdir(), 'ringmaster-servers-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  chmodSync(folder, 0o755)
  const ownFolder = ({ user }: Server) => {
    const path = mkdtempSync(join(folder, 'own-'))
    chownSync(path, user, user)
    return path
  }
  const nginxFolder = ownFolder(nginx)
  writeFileSync(join(folder, 'nginx.conf'), nginxConfig(nginxFolder, nginx.port))
  const file = join(folder, 'ringmaster.yaml')
  writeFileSync(
    file,
    `http: {host: 127.0.0.1, port: 0}
x-backoff: &backoff {initialSeconds: 0.02, maxSeconds: 0.1}
processes:
  redis:
    command: redis-server --bind 127.0.0.1 --port ${redis.port} --daemonize no --save '' --appendonly no
    workingDir: ${ownFolder(redis)}
    securityContext: {runAsUser: ${redis.user}}
    backoff: *backoff
    restartLimit: null
  nginx:
    command: [nginx, -e, stderr, -c, ${folder}/nginx.conf]
    workingDir: ${nginxFolder}
    securityContext: {runAsUser: ${nginx.user}}
    backoff: *backoff
    restartLimit: null
`,
  )
  return file
}

/** What has left the exec helper, and leads its session: workers of a dead nginx are no main process. */
function isMain(pid: number, name: string): boolean {
  try {
    const command = readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
    return command === name && findProcess(pid)?.session === pid
  } catch {
    return false // ENOENT, ESRCH: it is gone
  }
}

async function answersHttp(port: number): Promise<boolean> {
  try {
    return (await (await fetch(`http://127.0.0.1:${port}/`)).text()) === 'hello'
  } catch {
    return false // Nobody listens, or the connection was cut: it is down.
  }
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.once('data', (data) => end(data.toString() === '+PONG\r\n'))
    socket.once('error', () => end(false))
    socket.once('close', () => end(false))
    const end = (isUp: boolean) => {
      socket.destroy()
      resolve(isUp)
    }
  })
}

async function repeat(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await work()
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
