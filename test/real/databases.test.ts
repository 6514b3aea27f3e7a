// PostgreSQL, Redis and nginx of Debian under `run` as PID 1, with real probes and dependencies, killed at random under load.
import { spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { childrenOf, commandOf, statusOf } from '../rig/proc.ts'
import { chooseSeed, createRandom } from '../rig/random.ts'
import { inNamespace, needsNamespace, unless } from '../rig/ringmaster.ts'
import { freePort, nginxConfig, userId } from '../rig/servers.ts'
import { endpoint, folder, supervise } from '../rig/supervise.ts'

const kills = 100
const servers = ['db', 'cache', 'web'] as const
const postgresql = newestPostgresql()
const hasAll =
  postgresql !== undefined &&
  [['redis-server', '--version'] as const, ['nginx', '-v'] as const].every(
    ([file, option]) => spawnSync(file, [option]).status === 0,
  )
const skip =
  unless(process.getuid?.() === 0, 'needs root, to become the users of the servers') ||
  unless(
    hasAll,
    'needs the Debian packages postgresql, redis-server, redis-tools and nginx-light',
  ) ||
  needsNamespace
t.setTimeout(300_000)

t.test('databases and what depends on them come back from 100 kills', { skip }, async (t) => {
  const ports = { db: await freePort(), cache: await freePort(), web: await freePort() }
  const ringmaster = await supervise(t, inNamespace, {
    http: { host: '127.0.0.1', port: 0 },
    logs: { level: 'info' },
    defaults: {
      restartLimit: null,
      backoff: { initialSeconds: 0.02, maxSeconds: 0.2 },
    },
    processes: makeProcesses(folder(t), ports),
  })
  const url = await endpoint(ringmaster)
  const ready = () => isOk(`${url}/readyz`)
  const comesReady = () =>
    comesTrue(ready, async () => {
      const verbose = await fetch(`${url}/readyz?verbose`)
      return `${await verbose.text()}\n${ringmaster.stderr.slice(-5000)}`
    })
  await comesReady()
  // Nothing started before what it waits for.
  await ringmaster.line(/"instance":"migrate\.1".*"phase":"succeeded"/)
  t.match(entered(ringmaster.stderr, 'running'), [/^(db|cache)$/, /^(db|cache)$/, 'migrate', 'web'])

  const load = new AbortController()
  const requests = repeat(load.signal, () => isOk(`http://127.0.0.1:${ports.web}/`))
  let answers = 0
  const probing = repeat(load.signal, async () => {
    const { status } = await fetch(`${url}/readyz`)
    if (status === 200 || status === 503) answers += 1
  })

  const seed = chooseSeed()
  t.comment(`seed ${seed}`)
  const random = createRandom(seed)
  const counts = { db: 0, cache: 0, web: 0 }
  const killed = new Set<number>()
  while (counts.db + counts.cache + counts.web < kills) {
    const name = servers[Math.floor(random() * servers.length)] ?? 'db'
    const main = mainOf(ringmaster.pid, name)
    if (main !== undefined && !killed.has(main) && kill(main)) {
      killed.add(main)
      counts[name] += 1
    }
    await sleep(random() * 150)
  }
  await comesReady()
  load.abort()
  await Promise.all([requests, probing])
  t.ok(answers > kills, `the endpoint answered ${answers} times`)
  t.same(ringmaster.zombies(), [])
  t.equal(query(ports.db), '1', 'what was written before is there')

  ringmaster.signal('SIGTERM')
  const { code, stderr } = await ringmaster.end()
  t.equal(code, 0)
  t.notMatch(stderr, /internal error/)
  for (const name of servers) {
    const ends = stderr.match(new RegExp(`"process":"${name}".*"phase":"stopping".*SIGKILL`, 'g'))
    // What PostgreSQL has just forked looks like itself, and is no end of a run.
    t.ok((ends?.length ?? 0) >= counts[name] * 0.8, `${name}: ${ends?.length} of ${counts[name]}`)
  }
  const end = stderr.slice(stderr.indexOf('ringmaster shuts down'))
  t.equal(entered(end, 'stopping')[0], 'web', 'what depends on others stops first')
})

type Ports = Readonly<Record<(typeof servers)[number], number>>

function makeProcesses(root: string, ports: Ports) {
  const users = { db: userId('postgres'), cache: userId('redis'), web: userId('www-data') }
  const own = (name: keyof typeof users) => {
    const path = join(root, name)
    mkdirSync(path)
    chownSync(path, users[name], users[name])
    return path
  }
  const [data, cache, web] = [own('db'), own('cache'), own('web')]
  const lock = `${data}/data/postmaster.pid`
  const options = ['-A', 'trust', '-U', 'postgres', '--no-sync', '-D', `${data}/data`]
  const made = spawnSync(`${postgresql}/initdb`, options, { uid: users.db, cwd: data })
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`)
  writeFileSync(join(root, 'nginx.conf'), nginxConfig(web, ports.web))
  const often = { periodSeconds: 0.2, timeoutSeconds: 5 }
  const psql = [`${postgresql}/psql`, '-h', '127.0.0.1', '-p', `${ports.db}`, '-U', 'postgres']
  const as = (name: keyof typeof users) => ({ securityContext: { runAsUser: users[name] } })
  return {
    web: {
      command: ['nginx', '-e', 'stderr', '-c', join(root, 'nginx.conf')],
      dependsOn: { db: 'ready', cache: 'ready', migrate: 'succeeded' },
      readinessProbe: { httpGet: { port: ports.web }, ...often },
      ...as('web'),
    },
    migrate: {
      command: [...psql, '-c', 'create table known (n int); insert into known values (1)'],
      dependsOn: { db: 'ready' },
      restartPolicy: 'OnFailure',
      ...as('db'),
    },
    db: {
      // A kill just after it has made its lock file leaves that empty, and it never starts again.
      command: ['sh', '-c', `[ -s ${lock} ] || rm -f ${lock}; exec "$0" "$@"`],
      args: [
        `${postgresql}/postgres`,
        '-D',
        `${data}/data`,
        '-k',
        data,
        '-F',
        '-c',
        'listen_addresses=127.0.0.1',
        '-p',
        `${ports.db}`,
      ],
      readinessProbe: {
        exec: { command: [`${postgresql}/pg_isready`, '-h', '127.0.0.1', '-p', `${ports.db}`] },
        ...often,
      },
      // Fast shutdown: it does not wait for its clients.
      stopSignal: 'SIGINT',
      ...as('db'),
    },
    cache: {
      command: `redis-server --bind 127.0.0.1 --port ${ports.cache} --save '' --appendonly no`,
      workingDir: cache,
      readinessProbe: {
        exec: { command: ['redis-cli', '-p', `${ports.cache}`, 'ping'] },
        ...often,
      },
      ...as('cache'),
    },
  }
}

/** The main process of the run that lives: it has left the exec helper, and leads its session. */
function mainOf(ringmaster: number, name: (typeof servers)[number]): number | undefined {
  const program = { db: 'postgres', cache: 'redis-server', web: 'nginx' }[name]
  return childrenOf(ringmaster).find(
    ({ pid, session, state }) =>
      session === pid &&
      state !== 'Z' &&
      statusOf(pid, 'Name') === program &&
      // Each process of PostgreSQL leads a session of its own.
      !commandOf(pid)?.startsWith('postgres: '),
  )?.pid
}

function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch {
    return false // ESRCH: it has ended by itself.
  }
}

/** Names of the processes in the order in which a run of theirs first entered `phase`. */
function entered(log: string, phase: string): readonly string[] {
  const lines = log.matchAll(/"process":"(\w+)".*?"phase":"(\w+)"/g)
  return [...new Set([...lines].flatMap(([, name = '', now]) => (now === phase ? name : [])))]
}

function query(port: number): string {
  const options = ['-h', '127.0.0.1', '-p', `${port}`, '-U', 'postgres', '-Atc']
  const { stdout, stderr } = spawnSync(
    `${postgresql}/psql`,
    [...options, 'select count(*) from known'],
    { encoding: 'utf8' },
  )
  return stdout.trim() || stderr
}

async function isOk(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok
  } catch {
    return false // Nobody listens, or the connection was cut: it is down.
  }
}

/** Two minutes at most: a database that was killed again and again has work to do. */
async function comesTrue(
  look: () => Promise<boolean>,
  explain: () => Promise<string>,
): Promise<void> {
  const deadline = Date.now() + 120_000
  while (!(await look())) {
    if (Date.now() > deadline) throw new Error(await explain())
    await sleep(20)
  }
}

async function repeat(signal: AbortSignal, work: () => Promise<unknown>): Promise<void> {
  while (!signal.aborted) {
    await work()
    await sleep(5)
  }
}

/** Debian keeps each version in a folder of its own. */
function newestPostgresql(): string | undefined {
  const root = '/usr/lib/postgresql'
  const version = existsSync(root)
    ? readdirSync(root)
        .map(Number)
        .sort((a, b) => a - b)
        .at(-1)
    : 0
  return version ? join(root, `${version}`, 'bin') : undefined
}
