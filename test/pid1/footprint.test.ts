import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { privateBytes } from '../rig/proc.ts'
import { alone } from '../rig/ringmaster.ts'
import { endpoint, folder, script, supervise } from '../rig/supervise.ts'
import { until } from '../rig/wait.ts'

// Bounds, not what is measured. Without V8 being told to collect it stays above.
const mostMb = process.versions.node.startsWith('20.') ? 12.8 : 15.5

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

const large = [
  ...['assert', 'crypto', 'dns', 'http2', 'https', 'internal/fs/promises', 'module', 'tls'],
  ...['worker_threads', 'zlib'],
]

t.test('run does not load the large parts of Node.js', async (t) => {
  const preload = `setInterval(() => {
    require('node:fs').writeFileSync(process.env.LIST, process.moduleLoadList.join('\\n') + '\\nend')
  }, 50).unref()`
  const list = join(t.testdir({ 'preload.cjs': preload }), 'list')
  const ringmaster = await supervise(
    t,
    alone,
    {
      http: { host: '127.0.0.1', port: 0 },
      control: { socket: `${folder(t)}/socket` },
      processes: { web: script('exec sleep 1000') },
    },
    { node: ['--require', join(list, '..', 'preload.cjs')], env: { LIST: list } },
  )
  const url = await endpoint(ringmaster)
  // prom-client's own metrics of Node.js are in it: all is loaded.
  t.match(await (await fetch(`${url}/metrics`)).text(), /^nodejs_heap_space_size_used_bytes/m)
  const text = await until(() => /^.*NativeModule v8\n.*end$/s.exec(readList())?.[0])
  const loaded = text.split('\n').map((line) => line.replace('NativeModule ', ''))
  t.ok(loaded.includes('http'))
  t.same(
    loaded.filter((name) => large.includes(name)),
    [],
  )

  function readList(): string {
    try {
      return readFileSync(list, 'utf8')
    } catch {
      // It is not there yet.
      return ''
    }
  }
})
