import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { fixture } from '../rig/fixtures.ts'
import { ways } from '../rig/ringmaster.ts'
import { script, supervise } from '../rig/supervise.ts'

/** Longer than all that is waited for here. */
const suspendedMs = 2500

for (const { way, start, skip } of ways) {
  t.test(`${way}: what answers while Ringmaster is suspended has answered`, { skip }, async (t) => {
    const fed = `while :; do ${fixture('say')} WATCHDOG=1; sleep 0.2; done`
    const ringmaster = await supervise(t, start, {
      processes: {
        fed: script(fed, {
          livenessProbe: { notify: true, periodSeconds: 0.75, failureThreshold: 2 },
        }),
        asked: script('exec sleep 1000', {
          livenessProbe: {
            ...{ exec: { command: ['sleep', '0.5'] }, initialDelaySeconds: 0 },
            ...{ periodSeconds: 0.5, timeoutSeconds: 2, failureThreshold: 1 },
          },
        }),
      },
    })
    for (const name of ['fed', 'asked']) await ringmaster.line(new RegExp(`"${name}.1 runs as`))
    // The first try is on its way by then.
    await sleep(700)
    ringmaster.signal('SIGSTOP')
    await sleep(suspendedMs)
    ringmaster.signal('SIGCONT')
    await sleep(300)
    ringmaster.signal('SIGTERM')
    const { code, stderr } = await ringmaster.end()
    t.equal(code, 0)
    t.notMatch(stderr, /watchdog|liveness/)
  })

  t.test(`${way}: who stops while Ringmaster is suspended was in time`, { skip }, async (t) => {
    const ringmaster = await supervise(t, start, {
      processes: {
        web: script(
          `trap 'echo stopping; sleep 0.3; exit 0' TERM; echo up; while :; do sleep 0.1; done`,
          { terminationGracePeriodSeconds: 1.5 },
        ),
      },
    })
    await ringmaster.line(/^web\.1 \| up$/)
    ringmaster.signal('SIGTERM')
    await ringmaster.line(/^web\.1 \| stopping$/)
    ringmaster.signal('SIGSTOP')
    await sleep(suspendedMs)
    ringmaster.signal('SIGCONT')
    const { code, stderr } = await ringmaster.end()
    t.equal(code, 0)
    t.match(stderr, /"cause":"stop-requested"/)
    t.notMatch(stderr, /grace-exceeded/)
  })
}
