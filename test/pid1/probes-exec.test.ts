import t from 'tap'
import { allPids, commandOf } from '../rig/proc.ts'
import { inNamespace, needsNamespace, ways } from '../rig/ringmaster.ts'
import { script, supervise } from '../rig/supervise.ts'

const often = { periodSeconds: 0.05, failureThreshold: 2 }
const stays = script('echo up; exec sleep 1000')
const shell = (text: string) => ({ exec: { command: ['sh', '-c', text.replaceAll('$', '$$$$')] } })

for (const { way, start, skip } of ways) {
  t.test(
    `${way}: a command has the environment, the folder and the number of the run`,
    { skip },
    async (t) => {
      const probe = shell(
        'test "$(pwd) $MINE $RINGMASTER_PROCESS" = "/tmp of web.1 web" && exit 3; env; pwd',
      )
      const ringmaster = await supervise(t, start, {
        processes: {
          web: {
            ...stays,
            workingDir: '/tmp',
            env: { MINE: 'of ${instance.name}' },
            livenessProbe: { ...probe, ...often },
          },
        },
      })
      await ringmaster.line(/"msg":"web\.1 is stopped: liveness: exit code 3 \(2\/2\)"/)
    },
  )

  t.test(
    `${way}: what a command wrote is told with its failure, 4 KiB of it`,
    { skip },
    async (t) => {
      const ringmaster = await supervise(t, start, {
        processes: {
          web: {
            ...stays,
            livenessProbe: {
              ...shell('echo why; yes | head -c 300000 >&2; exit 1'),
              periodSeconds: 0.1,
            },
          },
        },
      })
      const { input } = await ringmaster.line(/liveness probe failed: exit code 1 \(1\/3\)/)
      const { output } = JSON.parse(input) as { output: string }
      t.match(output, /^why\ny\ny\n/)
      t.equal(output.length, 4096)
    },
  )

  t.test(
    `${way}: a command that hangs is killed with all that it started, and that is no orphan of the process`,
    { skip },
    async (t) => {
      const mark = `${1000 + (process.pid % 1000)}${way.length}`
      const ringmaster = await supervise(t, start, {
        processes: {
          web: {
            ...stays,
            livenessProbe: {
              ...shell(`sleep ${mark} & sleep ${mark} & wait`),
              ...{ ...often, timeoutSeconds: 0.2, failureThreshold: 3 },
            },
          },
        },
      })
      for (const count of [1, 2]) {
        await ringmaster.line(
          new RegExp(`liveness probe failed: no answer within 0.2 s \\(${count}/3\\)`),
        )
      }
      t.ok(sleeping(mark) <= 2, 'those of one try at most')
      await ringmaster.line(/"msg":"web\.1 is stopped: liveness/)
      await ringmaster.until(() => ringmaster.zombies().length === 0)
      ringmaster.signal('SIGTERM')
      const { stderr, code } = await ringmaster.end()
      t.equal(code, 0)
      t.notMatch(stderr, /internal error/)
    },
  )

  t.test(`${way}: a stop kills the command that is running`, { skip }, async (t) => {
    const mark = `${3000 + (process.pid % 1000)}${way.length}`
    const ringmaster = await supervise(t, start, {
      processes: {
        web: {
          ...stays,
          readinessProbe: { ...shell(`sleep ${mark} & wait`), timeoutSeconds: 600 },
        },
      },
    })
    await ringmaster.until(() => sleeping(mark) > 0)
    ringmaster.signal('SIGTERM')
    t.same(await ringmaster.exit(), { code: 0, signal: null })
    await ringmaster.until(() => sleeping(mark) === 0)
  })

  t.test(`${way}: a command that is not there has failed`, { skip }, async (t) => {
    const ringmaster = await supervise(t, start, {
      processes: { web: { ...stays, startupProbe: { exec: { command: '/no/such' }, ...often } } },
    })
    await ringmaster.line(
      /web\.1 is stopped: startup: ENOENT command=\/no\/such \(no such file\) \(2\/2\)/,
    )
  })
}

t.test(
  'a command has no more rights than the process',
  { skip: process.getuid?.() === 0 ? needsNamespace : 'needs root' },
  async (t) => {
    const ringmaster = await supervise(t, inNamespace, {
      processes: {
        root: script('exec sleep 1000', { securityContext: { runAsUser: 0 } }),
        web: {
          ...stays,
          securityContext: {
            runAsUser: 65534,
            supplementalGroups: [7],
            capabilities: { drop: ['ALL'] },
          },
          resources: { rlimits: { nofile: 64 }, umask: '027' },
          livenessProbe: {
            ...shell(
              'id -u; id -G; umask; ulimit -n; grep -E "^(CapBnd|NoNewPrivs|CapEff)" /proc/self/status; exit 1',
            ),
            ...often,
          },
        },
      },
    })
    const { input } = await ringmaster.line(/liveness probe failed: exit code 1 \(1\/2\)/)
    const { output } = JSON.parse(input) as { output: string }
    t.equal(
      output.replaceAll('\t', ' '),
      '65534\n65534 7\n0027\n64\nCapEff: 0000000000000000\nCapBnd: 0000000000000000\nNoNewPrivs: 1\n',
    )
  },
)

/** How many processes sleep for this long. */
function sleeping(seconds: string): number {
  return allPids().filter((pid) => commandOf(pid) === `sleep\0${seconds}\0`).length
}
