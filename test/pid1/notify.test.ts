import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { blocks } from '../rig/documents.ts'
import { fixture } from '../rig/fixtures.ts'
import { alone, inNamespace, needsNamespace, unless, ways } from '../rig/ringmaster.ts'
import { endpoint, folder, script, supervise } from '../rig/supervise.ts'

const say = fixture('say')
const often = { notify: true, periodSeconds: 0.5, failureThreshold: 2 }
const isRoot = process.getuid?.() === 0
const has = (program: string) =>
  unless(spawnSync(program, ['--version']).status === 0, `there is no ${program}`)

for (const { way, start, skip } of ways) {
  t.test(`${way}: a process says that it is ready, and how it is`, { skip }, async (t) => {
    const file = join(folder(t), 'go')
    const ringmaster = await supervise(t, start, {
      http: { port: 0 },
      processes: {
        web: script(`${after(file)}; exec ${say} -w 'READY=1\\nSTATUS=12 users'`, {
          startupProbe: { notify: true },
          readinessProbe: { notify: true },
        }),
      },
    })
    const url = await endpoint(ringmaster)
    const body = async (path: string) => (await fetch(`${url}${path}`)).text()
    t.match(await body('/readyz?verbose'), /web\.1 startup: no READY=1 yet/)
    writeFileSync(file, 'go')
    await ringmaster.line(/"msg":"web\.1 says: 12 users"/)
    await ringmaster.line(/"isReady":true,"msg":"web\.1 runs/)
    t.equal(await body('/readyz'), 'ok')
    ringmaster.signal('SIGTERM')
    t.same(await ringmaster.exit(), { code: 0, signal: null })
  })

  t.test(`${way}: a watchdog that is not fed ends the run`, { skip }, async (t) => {
    const text = `test $WATCHDOG_PID = $$ || exit 9; echo $WATCHDOG_USEC
      for i in 1 2 3 4 5 6; do ${say} WATCHDOG=1; sleep 0.25; done; exec sleep 1000`
    const ringmaster = await supervise(t, start, {
      processes: { web: script(text, { livenessProbe: often, restartPolicy: 'Never' }) },
    })
    await ringmaster.line(/^web\.1 \| 1000000$/)
    const { stderr, code } = await ringmaster.end()
    t.match(stderr, /"msg":"web\.1 is stopped: watchdog: no WATCHDOG=1 within 1 s"/)
    t.match(stderr, /^web\.1 failed: watchdog \(signal SIGTERM, its watchdog had expired\)/m)
    t.equal(code, 69)
    const times = [...stderr.matchAll(/"time":"([^"]+)".*"phase":"(running|stopping)","prev/g)]
    const [began = 0, ended = 0] = times.map(([, time]) => Date.parse(time ?? ''))
    t.ok(ended - began > 1500, 'it was fed for 1.5 s')
  })

  t.test(`${way}: strangers and other runs are not believed`, { skip }, async (t) => {
    const file = join(folder(t), 'address')
    const forged = `-b -w 'READY=1\\nSTATUS=forged'`
    const ringmaster = await supervise(t, start, {
      processes: {
        // The two have the same user, and one knows the socket of the other.
        api: script(`echo "at $NOTIFY_SOCKET"; exec sleep 1000`, {
          readinessProbe: { notify: true },
        }),
        web: script(`${after(file)}; NOTIFY_SOCKET=$(cat ${file}) exec ${say} ${forged}`),
      },
    })
    const [, address = ''] = await ringmaster.line(/^api\.1 \| at (@ringmaster-1-\S+)$/)
    writeFileSync(file, address)
    await ringmaster.line(/^web\.1 \| passed$/)
    const stranger = spawn('sh', ['-c', `exec ${say} ${forged}`], {
      env: { NOTIFY_SOCKET: address },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    t.teardown(() => stranger.kill('SIGKILL'))
    const [said] = await once(stranger.stdout, 'data')
    t.match(String(said), 'passed')
    ringmaster.signal('SIGTERM')
    const { stderr } = await ringmaster.end()
    t.notMatch(stderr, /forged|api\.1 is ready/)
  })

  t.test(
    `${way}: every process of the tree is believed, also one that has ended`,
    { skip },
    async (t) => {
      const [go, file] = [join(folder(t), 'go'), join(folder(t), 'said')]
      const text = `${after(go)}; ${say} READY=1
        setsid ${say} RELOADING=1
        (setsid sh -c "${say} -b READY=1; echo > ${file}; sleep 1000" &)
        ${after(file)}; exec ${say} STOPPING=1`
      const ringmaster = await supervise(t, start, {
        processes: {
          web: script(text, { readinessProbe: { notify: true }, restartPolicy: 'Never' }),
        },
      })
      await ringmaster.line(/"msg":"web\.1 runs/)
      writeFileSync(go, 'go')
      await ringmaster.line(/"msg":"web\.1 is ready"/)
      await ringmaster.line(/"msg":"web\.1 is not ready: RELOADING=1"/)
      await ringmaster.line(/"msg":"web\.1 is ready"/)
      await ringmaster.line(/"msg":"web\.1 is not ready: STOPPING=1"/)
      t.same(await ringmaster.exit(), { code: 0, signal: null })
    },
  )

  t.test(`${way}: whoever ends while it is looked up is believed, too`, { skip }, async (t) => {
    const times = 400
    const text = `i=0; while [ $i -lt ${times} ]; do
      setsid ${say} RELOADING=1; setsid ${say} READY=1; i=$((i+1)); done; ${say} STOPPING=1`
    const ringmaster = await supervise(t, start, {
      processes: {
        web: script(text, { readinessProbe: { notify: true }, restartPolicy: 'Never' }),
      },
    })
    const { stderr } = await ringmaster.end()
    t.equal(stderr.match(/"msg":"web\.1 is ready"/g)?.length, times)
    t.equal(stderr.match(/"isReady":false/g)?.length, times)
  })

  t.test(
    `${way}: a barrier is passed when what came before it has been taken in`,
    { skip },
    async (t) => {
      const text = `sleep 0.2; ${say} -b -f 253 READY=1; sleep 1000`
      const ringmaster = await supervise(t, start, {
        processes: { web: script(text, { readinessProbe: { notify: true } }) },
      })
      await ringmaster.line(/^web\.1 \| passed$/)
      await ringmaster.line(/"isReady":true/)
      const open = readdirSync(`/proc/${ringmaster.pid}/fd`).map((fd) => link(ringmaster.pid, fd))
      t.notOk(open.includes('/etc/passwd'), 'no descriptor is kept')
    },
  )

  t.test(`${way}: floods, lengths and bytes of any kind do no harm`, { skip }, async (t) => {
    const long = `STATUS=${'x'.repeat(5000)}`
    const text = `${say} -n 2000 -f 5 WATCHDOG=1 STATUS=flood; ${say} ${long} "$(printf 'STATUS=\\303(')" READY=1; sleep 1000`
    const ringmaster = await supervise(t, start, {
      processes: { web: script(text, { readinessProbe: { notify: true } }) },
    })
    await ringmaster.line(/"isReady":true/)
    ringmaster.signal('SIGTERM')
    const { stderr, code } = await ringmaster.end()
    t.equal(code, 0)
    t.notMatch(stderr, /xxx|internal error/)
    t.equal(stderr.match(/says: flood/g)?.length, 1)
  })

  t.test(`${way}: a stop that asks for more time has it`, { skip }, async (t) => {
    const text = `trap '${say} EXTEND_TIMEOUT_USEC=5000000; sleep 0.6; echo done; exit 0' TERM; ${say} READY=1; while :; do sleep 0.05; done`
    const ringmaster = await supervise(t, start, {
      processes: {
        web: script(text, { startupProbe: { notify: true }, terminationGracePeriodSeconds: 0.3 }),
      },
    })
    await ringmaster.line(/"msg":"web\.1 runs/)
    ringmaster.signal('SIGTERM')
    await ringmaster.line(/^web\.1 \| done$/)
    t.same(await ringmaster.exit(), { code: 0, signal: null })
  })
}

t.test('the docs say how from Python', { skip: has('python3') }, async (t) => {
  const [example] = blocks('docs/probes.md', 'python')
  const ringmaster = await supervise(t, inNamespace, {
    processes: {
      web: {
        command: ['python3', '-c', `${example?.text}\nimport time\ntime.sleep(1000)`],
        startupProbe: { notify: true },
      },
    },
  })
  await ringmaster.line(/"msg":"web\.1 says: serving"/)
  await ringmaster.line(/"msg":"web\.1 runs/)
})

t.test('systemd-notify is a sender like any', { skip: has('systemd-notify') }, async (t) => {
  const ringmaster = await supervise(t, inNamespace, {
    processes: {
      web: script(`systemd-notify --ready --status='up and away'; exec sleep 1000`, {
        startupProbe: { notify: true },
      }),
    },
  })
  await ringmaster.line(/"msg":"web\.1 says: up and away"/)
  await ringmaster.line(/"msg":"web\.1 runs/)
})

t.test(
  'no path has to be writable, and another user reaches the socket from a chroot',
  { skip: isRoot ? needsNamespace : 'needs root' },
  async (t) => {
    const probes = { startupProbe: { notify: true } }
    const ringmaster = await supervise(
      t,
      alone,
      {
        processes: {
          user: script(`id -u; exec ${say} -w READY=1`, {
            ...probes,
            securityContext: { runAsUser: 65534, capabilities: { drop: ['ALL'] } },
          }),
          root: script(
            `for at in / /tmp /run /dev/shm; do touch $at/x && exit 9; done; exec chroot /mnt ${say} -w READY=1`,
            { ...probes, securityContext: { runAsUser: 0 } },
          ),
        },
      },
      { by: ['unshare', '--mount', 'sh', '-c', `${readOnly}; exec "$@"`, 'sh'] },
    )
    await ringmaster.line(/"msg":"user\.1 runs/)
    await ringmaster.line(/"msg":"root\.1 runs/)
    await ringmaster.line(/^user\.1 \| 65534$/)
  },
)

t.test(
  'when all have one user, Ringmaster has it too, and hears them as before',
  { skip: isRoot ? needsNamespace : 'needs root' },
  async (t) => {
    const user = { securityContext: { runAsUser: 65534 } }
    const ringmaster = await supervise(t, inNamespace, {
      logs: { level: 'debug' },
      processes: {
        web: script(`sleep 0.1; ${say} READY=1; sleep 0.2; exit 1`, {
          readinessProbe: { notify: true },
          ...user,
        }),
      },
    })
    await ringmaster.line(/ringmaster gave root up and is 65534/)
    for (const run of [1, 2, 3]) {
      await ringmaster.line(new RegExp(`"run":${run},.*"isReady":true`))
    }
  },
)

/** Waits until the test writes to that file. */
function after(file: string): string {
  return `until test -s ${file}; do sleep 0.05; done`
}

/** Nothing can be written, and all there is can be seen in /mnt too. */
const readOnly = `mount --make-rprivate /
  for at in / /tmp /run /dev/shm; do mount -o remount,bind,ro $at 2>&-; done; mount --bind / /mnt`

function link(pid: number, fd: string): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`)
  } catch (error) {
    // It was closed meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return ''
  }
}
