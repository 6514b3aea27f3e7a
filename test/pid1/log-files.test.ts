// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { needsRoot } from '../rig/exec-helper.ts'
import { alone, inNamespace, needsNamespace } from '../rig/ringmaster.ts'
import { folder, script, supervise } from '../rig/supervise.ts'
import { until } from '../rig/wait.ts'

const never = { restartPolicy: 'Never' }
const user = 65_534

/** What a log and its rotated files hold, the oldest first. One that was being compressed at the end has two names. */
function textOf(file: string): string {
  const [, where = '', name = ''] = /^(.*\/)([^/]+)$/.exec(file) ?? []
  const number = (entry: string) => Number(/^\.(\d+)/.exec(entry.slice(name.length))?.[1] ?? 0)
  const entries = readdirSync(where)
  return entries
    .filter((entry) => entry.startsWith(name) && /^(\.\d+(\.gz)?)?$/.test(entry.slice(name.length)))
    .filter((entry) => !entries.includes(entry.replace(/\.gz$/, '')) || !entry.endsWith('.gz'))
    .sort((a, b) => number(b) - number(a))
    .map((entry) => {
      const bytes = readFileSync(join(where, entry))
      return (entry.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
    })
    .join('')
}

/** What `seq 20000 | sed 's/^/NAME /'` prints. */
const linesOf = (name: string) => Array.from({ length: 20_000 }, (_, i) => `${name} ${i + 1}`)

t.test('each line is in one file, whatever is rotated and compressed meanwhile', async (t) => {
  const logs = folder(t)
  const file = join(logs, '${instance.name}')
  const count = 30_000
  const ringmaster = await supervise(t, alone, {
    processes: {
      plain: script(`seq ${count}; seq ${count} >&2; printf end`, {
        ...never,
        replicas: 2,
        logs: { stdout: { file, maxBytes: 20_000, maxFiles: 1000 }, stderr: 'stdout' },
      }),
      packed: script(`seq ${count}`, {
        ...never,
        logs: { stdout: { file, maxBytes: 20_000, maxFiles: 1000, compress: true } },
      }),
    },
  })
  const { code, stdout, stderr } = await ringmaster.end()
  t.equal(code, 0)
  t.equal(stdout, '')
  t.notMatch(stderr, /dropped/)
  const lines = Array.from({ length: count }, (_, i) => `${i + 1}\n`).join('')
  for (const number of [1, 2])
    t.equal(textOf(join(logs, `plain.${number}`)), `${lines}${lines}end\n`)
  t.equal(textOf(join(logs, 'packed.1')), lines)
  for (const name of readdirSync(logs)) t.ok(statSync(join(logs, name)).size <= 20_000, name)
})

t.test('a file that cannot be rotated has all lines, and the log says why, once', async (t) => {
  const logs = folder(t)
  const file = join(logs, 'log')
  mkdirSync(`${file}.1`)
  const ringmaster = await supervise(t, alone, {
    processes: {
      web: script('seq 30000', {
        ...never,
        logs: { stdout: { file, maxBytes: 1000, maxFiles: 1 } },
      }),
    },
  })
  const { code, stderr } = await ringmaster.end()
  t.equal(code, 0)
  t.equal(
    readFileSync(file, 'utf8'),
    Array.from({ length: 30_000 }, (_, i) => `${i + 1}\n`).join(''),
  )
  t.equal(stderr.split(`cannot rotate ${file}, which grows until it can be: EISDIR`).length, 2)
  t.notMatch(stderr, /dropped/)
})

t.test('two Ringmasters that write to one file lose no line', async (t) => {
  const logs = folder(t)
  const file = join(logs, 'log')
  const start = (name: string) =>
    supervise(t, alone, {
      processes: {
        web: script(`seq 20000 | sed 's/^/${name} /'`, {
          ...never,
          logs: { stdout: { file, maxBytes: 20_000, maxFiles: 1000, compress: true } },
        }),
      },
    })
  const both = await Promise.all([start('one'), start('other')])
  for (const ringmaster of both) {
    const { code, stderr } = await ringmaster.end()
    t.equal(code, 0)
    t.notMatch(stderr, /dropped/)
  }
  const found = textOf(file).trim().split('\n').sort()
  t.ok(found.join() === [...linesOf('one'), ...linesOf('other')].sort().join())
})

t.test('a reload that leads two processes to one file loses no line and rotates on', async (t) => {
  const [home, logs] = [folder(t), folder(t)]
  symlinkSync(logs, join(home, 'link'))
  const path = join(home, 'ringmaster.yaml')
  const web = (name: string, file: string) => {
    const text = `echo up >&2; until [ -e ${home}/go ]; do sleep 0.01; done; seq 20000 | sed 's/^/${name} /'; echo done >&2; exec sleep 1000`
    const stdout = { file, maxBytes: 20_000, maxFiles: 1000, compress: true }
    return script(text, { logs: { stdout }, securityContext: { runAsUser: process.getuid?.() } })
  }
  const write = (processes: object) =>
    writeFileSync(path, JSON.stringify({ http: false, control: false, processes }))
  const one = web('one', join(logs, 'log'))
  write({ one })
  const ringmaster = await alone(t, ['run', path])
  await ringmaster.line(/^one\.1 \| up$/)
  write({ one, other: web('other', join(home, 'link/log')) })
  ringmaster.signal('SIGHUP')
  await ringmaster.line(/^other\.1 \| up$/)
  writeFileSync(join(home, 'go'), '')
  await Promise.all(
    ['one', 'other'].map((name) => ringmaster.line(new RegExp(`^${name}\\.1 \\| done$`))),
  )
  ringmaster.signal('SIGTERM')
  const { code, stderr } = await ringmaster.end()
  t.equal(code, 0)
  t.notMatch(stderr, /dropped|cannot rotate/)
  t.ok(
    textOf(join(logs, 'log')).trim().split('\n').sort().join() ===
      [...linesOf('one'), ...linesOf('other')].sort().join(),
  )
  for (const name of readdirSync(logs)) t.ok(statSync(join(logs, name)).size <= 20_000, name)
})

t.test('a signal has renamed files opened anew, and the form is that of the process', async (t) => {
  const logs = folder(t)
  const file = join(logs, 'log')
  const ringmaster = await supervise(t, alone, {
    signals: { SIGUSR1: 'reopen-logs' },
    processes: {
      web: script(`echo first; until [ -e ${file}.go ]; do sleep 0.01; done; echo second`, {
        ...never,
        logs: { stdout: { file }, format: 'json' },
      }),
    },
  })
  await until(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'))
  renameSync(file, `${file}.old`)
  ringmaster.signal('SIGUSR1')
  await until(() => existsSync(file))
  writeFileSync(`${file}.go`, '')
  t.match(await ringmaster.end(), { code: 0 })
  t.match(JSON.parse(readFileSync(`${file}.old`, 'utf8')), { instance: 'web.1', line: 'first' })
  t.match(JSON.parse(readFileSync(file, 'utf8')), { stream: 'stdout', line: 'second' })
})

t.test(
  'a full disk costs lines, holds nobody up, and is over when there is room',
  { skip: needsNamespace },
  async (t) => {
    const disk = folder(t)
    // What is in the mount can be seen from inside alone.
    const web = `trap 'rm ${disk}/ballast; until echo back && sleep 0.1 && grep -q back ${disk}/log; do :; done; cat ${disk}/log >&2; exit' TERM; head -c 60000 /dev/zero > ${disk}/ballast; seq 100000; echo done >&2; while :; do sleep 0.01; done`
    const ringmaster = await supervise(
      t,
      inNamespace,
      { processes: { web: script(web, { logs: { stdout: { file: join(disk, 'log') } } }) } },
      { by: ['sh', '-c', `mount -t tmpfs -o size=100k none ${disk} && exec "$@"`, 'sh'] },
    )
    await ringmaster.line(/^web\.1 \| done$/)
    const [, dropped] = await ringmaster.line(
      new RegExp(`"msg":"lines dropped since the start: (\\d+) of ${disk}/log \\(ENOSPC\\)"`),
    )
    t.ok(Number(dropped) > 0)
    ringmaster.signal('SIGTERM')
    const { code, stderr } = await ringmaster.end()
    t.equal(code, 0)
    const lines = stderr.split('\n').filter((line) => line.startsWith('web.1 | '))
    t.equal(lines[1], 'web.1 | 1')
    t.equal(lines.at(-1), 'web.1 | back')
    const wrong = lines.slice(1).filter((line) => !/^web\.1 \| (\d+|back|)$/.test(line))
    t.same(wrong, [])
  },
)

t.test('files that cannot be written are refused before anything runs, all at once', async (t) => {
  const logs = folder(t)
  symlinkSync(join(logs, 'one'), join(logs, 'other'))
  writeFileSync(join(logs, 'one'), '')
  const to = (file: string) => script('echo ran', { logs: { stdout: { file } } })
  const ringmaster = await supervise(t, alone, {
    processes: {
      one: to(join(logs, 'one')),
      linked: to(join(logs, 'other')),
      nowhere: to(join(logs, 'no/log')),
      device: to('/dev/null'),
      own: to('/dev/stdout'),
    },
  })
  const { code, stdout, stderr } = await ringmaster.end()
  t.equal(code, 78)
  t.equal(stdout, '')
  t.match(stderr, `cannot write stdout of linked.1 to ${logs}/other: it is stdout of one.1 too`)
  t.match(
    stderr,
    `cannot write stdout of nowhere.1 to ${logs}/no/log: there is no folder ${logs}/no`,
  )
  t.match(stderr, 'cannot write stdout of device.1 to /dev/null: it is no regular file')
  t.match(stderr, 'cannot write stdout of own.1 to /dev/stdout: it is no regular file')
})

t.test(
  'who gives root up writes as the user it becomes; who could not rotate then, stays root',
  { skip: needsRoot },
  async (t) => {
    const logs = folder(t)
    const owned = join(logs, 'owned')
    mkdirSync(owned)
    chownSync(owned, user, user)
    const closed = join(logs, 'closed')
    mkdirSync(closed)
    chmodSync(closed, 0o755)
    writeFileSync(join(closed, 'log'), '')
    chmodSync(join(closed, 'log'), 0o666)
    const run = async (file: string) => {
      const ringmaster = await supervise(t, alone, {
        logs: { level: 'debug' },
        processes: {
          web: script('seq 1000', {
            ...never,
            securityContext: { runAsUser: user },
            logs: { stdout: { file, maxBytes: 1000 } },
          }),
        },
      })
      const { code, stderr } = await ringmaster.end()
      t.equal(code, 0)
      t.notMatch(stderr, /dropped/)
      return stderr
    }
    t.match(await run(join(owned, 'log')), 'gave root up')
    t.same(readdirSync(owned).sort(), ['log', 'log.1', 'log.2', 'log.3'])
    t.ok(readdirSync(owned).every((name) => statSync(join(owned, name)).uid === user))
    t.match(await run(join(closed, 'log')), `user ${user} cannot rotate ${closed}/log`)
    t.ok(existsSync(join(closed, 'log.1')))
  },
)
