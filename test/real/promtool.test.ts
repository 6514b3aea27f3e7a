import { spawnSync } from 'node:child_process'
import t from 'tap'
import { alone, unless } from '../rig/ringmaster.ts'
import { endpoint, script, supervise } from '../rig/supervise.ts'

const skip = unless(
  spawnSync('promtool', ['--version']).error === undefined,
  "needs promtool, of Debian's package prometheus",
)

t.test('promtool finds nothing to say about our metrics', { skip }, async (t) => {
  const ringmaster = await supervise(t, alone, {
    http: { host: '127.0.0.1', port: 0 },
    processes: {
      web: script('echo up; exec sleep 1000', { replicas: 2 }),
      flaky: script('exit 1', { backoff: { initialSeconds: 600, maxSeconds: 600 } }),
    },
  })
  const url = await endpoint(ringmaster)
  await ringmaster.line(/flaky\.1 restarts in \d+ ms/)
  await ringmaster.line(/^web\.2 \| up$/)
  const input = await (await fetch(`${url}/metrics`)).text()
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input,
    encoding: 'utf8',
  })
  t.equal(`${stdout}${stderr}`, '')
  t.equal(status, 0)
})
