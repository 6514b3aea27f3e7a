import t from 'tap'
import { privateBytes } from '../rig/proc.ts'
import { alone } from '../rig/ringmaster.ts'
import { endpoint, folder, script, supervise } from '../rig/supervise.ts'
import { until } from '../rig/wait.ts'

// Bounds, not what is measured. Without V8 being told to collect it stays above.
const mostMb = process.versions.node.startsWith('20.') ? 14.8 : 18.2

t.test('run soon takes little memory, and still does all', async (t) => {
  const ringmaster = await supervise(t, alone, {
    http: { host: '127.0.0.1', port: 0 },
    control: { socket: `${folder(t)}/socket` },
    processes: { web: script('echo up $$; exec sleep 1000') },
  })
  const url = await endpoint(ringmaster)
  const [, first] = await ringmaster.line(/up (\d+)$/)
  // At first it is more, with the garbage of the start.
  await until(() => privateBytes(ringmaster.pid) < mostMb * 2 ** 20)
  t.equal(await (await fetch(`${url}/readyz`)).text(), 'ok')
  process.kill(Number(first), 'SIGKILL')
  await ringmaster.line(/web\.1 restarts/)
  await ringmaster.line(/up \d+$/)
  t.match(await (await fetch(`${url}/metrics`)).text(), /restarts_total\S* 1$/m)
  ringmaster.signal('SIGTERM')
  t.match(await ringmaster.end(), { code: 0 })
})
