import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { section } from '../rig/documents.ts'
import { parseExposition } from '../rig/exposition.ts'
import { root } from '../rig/fixtures.ts'
import { ways } from '../rig/ringmaster.ts'
import { endpoint, script, supervise } from '../rig/supervise.ts'

for (const { way, start, skip } of ways) {
  t.test(`${way}: what /metrics serves is what the docs say`, { skip }, async (t) => {
    const ringmaster = await supervise(t, start, {
      http: { host: '127.0.0.1', port: 0 },
      processes: {
        web: script('echo up; echo wrong >&2; exec sleep 1000', { replicas: 2 }),
        flaky: script('exit 1', { backoff: { initialSeconds: 600, maxSeconds: 600 } }),
      },
    })
    const url = await endpoint(ringmaster)
    await ringmaster.line(/flaky\.1 restarts in \d+ ms/)
    await ringmaster.line(/^web\.2 \| up$/)
    await ringmaster.line(/^web\.2 \| wrong$/)
    const text = await (await fetch(`${url}/metrics`)).text()

    const documented = documentedMetrics()
    const served = parseExposition(text).filter(({ name }) => name.startsWith('ringmaster_'))
    t.same(
      served.map(({ name }) => name),
      [...documented.keys()],
    )
    for (const { name, type, help, labels } of served) {
      t.match(documented.get(name), { type, help }, name)
      for (const label of labels) t.ok(documented.get(name)?.labels.includes(label), name)
    }

    t.match(
      text,
      /^ringmaster_process_restarts_total\{process="flaky",replica="1",cause="error"\} 2$/m,
    )
    t.match(
      text,
      /^ringmaster_process_backoff_seconds\{process="flaky",replica="1"\} [67]\d\d(\.\d+)?$/m,
    )
    const sleeps = 'process="web",replica="1"'
    t.ok(text.includes(`ringmaster_process_open_fds{${sleeps}} 3\n`))
    t.match(
      text,
      new RegExp(`^ringmaster_process_resident_memory_bytes\\{${sleeps}\\} \\d{5,}$`, 'm'),
    )
    t.match(text, new RegExp(`^ringmaster_process_cpu_seconds_total\\{${sleeps}\\} [\\d.]+$`, 'm'))
    t.match(text, /^ringmaster_loop_blocked_seconds_count [1-9]\d*$/m)
    for (const [stream, bytes] of [
      ['stdout', 3],
      ['stderr', 6],
    ]) {
      const labels = `process="web",replica="2",stream="${stream}"`
      t.ok(text.includes(`ringmaster_process_output_bytes_total{${labels}} ${bytes}\n`))
    }
  })
}

function documentedMetrics() {
  const { text } = section(readFileSync(join(root, 'docs/metrics.md'), 'utf8'), 'metrics')
  const rows = text.matchAll(/^\| `(\w+)` \| (\w+) \| (.*) \| (.+) \|$/gm)
  return new Map(
    [...rows].map(([, name = '', type, labels = '', help]) => [
      name,
      { type, help, labels: labels.split(', ') },
    ]),
  )
}
