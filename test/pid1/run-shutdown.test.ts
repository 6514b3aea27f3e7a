import t from 'tap'
import { descendants } from '../rig/proc.ts'
import { ways } from '../rig/ringmaster.ts'
import { script, supervise } from '../rig/supervise.ts'
import { until } from '../rig/wait.ts'

const loop = 'while :; do sleep 0.01; done'
const deaf = (fields: object = {}) => script(`trap "" TERM; echo up; ${loop}`, fields)

for (const { way, start, skip } of ways) {
  t.test(
    `${way}: a long grace is cut to the budget, and TERM comes before KILL`,
    { skip },
    async (t) => {
      const ringmaster = await supervise(t, start, {
        shutdown: { terminationGracePeriodSeconds: 1 },
        processes: {
          web: script(`trap "echo got TERM" TERM; echo up; ${loop}`, {
            terminationGracePeriodSeconds: 600,
          }),
        },
      })
      await ringmaster.line(/^web\.1 \| up$/)
      ringmaster.signal('SIGTERM')
      await ringmaster.line(/^web\.1 \| got TERM$/)
      const { code, stderr } = await ringmaster.end()
      t.equal(code, 0)
      t.match(stderr, /"cause":"grace-exceeded"/)
    },
  )

  t.test(`${way}: what is suspended is stopped as any other`, { skip }, async (t) => {
    const ringmaster = await supervise(t, start, {
      processes: { web: script('kill -STOP $$', { terminationGracePeriodSeconds: 3 }) },
    })
    await until(() => descendants(ringmaster.pid).some(({ state }) => state === 'T'))
    ringmaster.signal('SIGTERM')
    const { code, stderr } = await ringmaster.end()
    t.equal(code, 0)
    t.match(stderr, /"cause":"stop-requested","signal":"SIGTERM"/)
  })

  t.test(`${way}: while it drains everything runs on, restarts too`, { skip }, async (t) => {
    const ringmaster = await supervise(t, start, {
      shutdown: { drainSeconds: 0.5 },
      processes: {
        web: script('echo up; sleep 0.05; exit 1', { backoff: { initialSeconds: 0 } }),
      },
    })
    await ringmaster.line(/^web\.1 \| up$/)
    ringmaster.signal('SIGTERM')
    await ringmaster.line(/ringmaster drains: SIGTERM/)
    await ringmaster.line(/web\.1 restarts/)
    await ringmaster.line(/ringmaster shuts down: SIGTERM/)
    t.match(await ringmaster.end(), { code: 0 })
  })

  t.test(`${way}: a failure ends a drain, and a second INT does`, { skip }, async (t) => {
    const shutdown = { drainSeconds: 600, terminationGracePeriodSeconds: 2000 }
    const failing = await supervise(t, start, {
      shutdown,
      processes: {
        web: script(`trap "exit 9" USR1; echo up; ${loop}`, { restartPolicy: 'Never' }),
      },
    })
    await failing.line(/^web\.1 \| up$/)
    failing.signal('SIGTERM')
    await failing.line(/ringmaster drains/)
    failing.signal('SIGUSR1')
    t.match(await failing.end(), { code: 0 }, 'what began the shutdown fixes the code')

    const hurried = await supervise(t, start, { shutdown, processes: { web: deaf() } })
    await hurried.line(/^web\.1 \| up$/)
    hurried.signal('SIGINT')
    await hurried.line(/ringmaster drains/)
    hurried.signal('SIGINT')
    t.match(await hurried.end(), { code: 0 })
  })

  t.test(`${way}: TERM during a backoff or a delay ends at once`, { skip }, async (t) => {
    const ringmaster = await supervise(t, start, {
      processes: {
        crashing: { command: ['false'], backoff: { initialSeconds: 600, maxSeconds: 600 } },
        late: script('echo never', { startDelaySeconds: 600 }),
        unasked: script('echo never', { autoStart: false }),
      },
    })
    await ringmaster.line(/crashing\.1 restarts in 6/)
    ringmaster.signal('SIGTERM')
    const { code, stdout } = await ringmaster.end()
    t.same({ code, stdout }, { code: 0, stdout: '' })
  })

  t.test(
    `${way}: a wrapper's child, a daemon and who left the session are ended before the restart`,
    { skip },
    async (t) => {
      const sleep = `sleep 7${process.pid}`
      const ringmaster = await supervise(t, start, {
        processes: {
          web: script(
            `echo "left $(pgrep -fc '^${sleep}$')"; (${sleep}; true) & (setsid ${sleep} &); setsid -f ${sleep}; until [ "$(pgrep -fc '^${sleep}$')" = 3 ]; do :; done; exit 1`,
            { backoff: { initialSeconds: 0 } },
          ),
        },
      })
      for (let run = 0; run < 3; run++) await ringmaster.line(/^web\.1 \| left 0$/)
      ringmaster.signal('SIGTERM')
      t.match(await ringmaster.end(), { code: 0 })
    },
  )

  t.test(
    `${way}: who ignores TERM in a tree is killed at the end of the one grace`,
    { skip },
    async (t) => {
      const ringmaster = await supervise(t, start, {
        processes: {
          web: script(`(trap "" TERM; echo deaf; ${loop}) & exec sleep 1000`, {
            terminationGracePeriodSeconds: 0.3,
          }),
        },
      })
      await ringmaster.line(/^web\.1 \| deaf$/)
      ringmaster.signal('SIGTERM')
      const { code, stderr } = await ringmaster.end()
      t.equal(code, 0)
      t.match(stderr, /"cause":"grace-exceeded","signal":"SIGTERM","killed":true|"killed":true/)
    },
  )

  t.test(
    `${way}: killMode process leaves its daemons alone until the sweep`,
    { skip },
    async (t) => {
      const ringmaster = await supervise(t, start, {
        processes: {
          web: script(
            `[ -n "$(pgrep -f 'sleep 4${process.pid % 1000}')" ] && echo found; sleep 4${process.pid % 1000} & exit 1`,
            { killMode: 'process', backoff: { initialSeconds: 0.05 } },
          ),
        },
      })
      await ringmaster.line(/^web\.1 \| found$/)
      ringmaster.signal('SIGTERM')
      t.match(await ringmaster.end(), { code: 0 })
    },
  )

  t.test(`${way}: killMode group signals the whole group at once`, { skip }, async (t) => {
    const ringmaster = await supervise(t, start, {
      processes: {
        web: script(
          `(trap "echo child got TERM; exit" TERM; echo up; ${loop}) & trap "echo main got TERM; sleep 0.2; exit" TERM; wait; wait`,
          { killMode: 'group' },
        ),
      },
    })
    await ringmaster.line(/^web\.1 \| up$/)
    ringmaster.signal('SIGTERM')
    const { code, stdout } = await ringmaster.end()
    t.equal(code, 0)
    t.equal(stdout.match(/child got TERM/g)?.length, 1, 'once')
    t.equal(stdout.match(/main got TERM/g)?.length, 1)
  })
}
