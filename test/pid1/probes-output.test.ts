import t from 'tap'
import { ways } from '../rig/ringmaster.ts'
import { endpoint, script, supervise } from '../rig/supervise.ts'

for (const { way, start, skip } of ways) {
  t.test(`${way}: a line makes ready, and silence restarts`, { skip }, async (t) => {
    const ringmaster = await supervise(t, start, {
      http: { port: 0 },
      processes: {
        web: {
          ...script(
            String.raw`printf '\033[32mready in '; sleep 0.2; echo '12\033[0m ms' >&2; exec sleep 1000`,
          ),
          readinessProbe: { logLine: '^12 ms$' },
          livenessProbe: { logSilenceSeconds: 1, terminationGracePeriodSeconds: 1 },
        },
        never: {
          ...script('while :; do echo "readyx"; sleep 0.05; done'),
          readinessProbe: { logLine: '^ready$' },
          livenessProbe: { logSilenceSeconds: 1 },
        },
      },
    })
    const url = await endpoint(ringmaster)
    await ringmaster.line(/"run":\d+,"probe":"readiness",.*"msg":"web\.1 is ready"/)
    await ringmaster.line(/"msg":"web\.1 is stopped: liveness: no output for 1 s \(1\/1\)"/)
    await ringmaster.line(/"cause":"liveness-failed".*"msg":"web\.1 restarts/)
    await ringmaster.line(/"msg":"web\.1 is ready"/)
    t.match(
      await (await fetch(`${url}/readyz?verbose`)).text(),
      '[-]never.1 readiness: no line matched yet',
    )
    t.notMatch(ringmaster.stderr, /never\.1 is (ready|stopped)/)
    ringmaster.signal('SIGTERM')
    t.same(await ringmaster.exit(), { code: 0, signal: null })
  })

  t.test(`${way}: a pattern that hangs others holds up nothing`, { skip }, async (t) => {
    const ringmaster = await supervise(t, start, {
      http: { port: 0 },
      processes: {
        web: {
          ...script(`yes ${'a'.repeat(4000)} | head -n 4000; echo aaab; while :; do sleep 1; done`),
          logs: { stdout: 'capture', format: 'json' },
          startupProbe: { logLine: '^(a+)+b$' },
        },
      },
    })
    const url = await endpoint(ringmaster)
    let worstMs = 0
    const ready = ringmaster.line(/"msg":"web\.1 runs as/).then(() => true)
    for (let isReady = false; !isReady; ) {
      const begin = performance.now()
      await (await fetch(`${url}/livez`)).text()
      worstMs = Math.max(worstMs, performance.now() - begin)
      isReady = await Promise.race([ready, new Promise<false>((no) => setTimeout(no, 20, false))])
    }
    t.ok(worstMs < 2000, `${worstMs} ms`)
    ringmaster.signal('SIGTERM')
    t.same(await ringmaster.exit(), { code: 0, signal: null })
  })
}
