import t, { type Test } from 'tap'
import { alone, type Setting, ways } from '../rig/ringmaster.ts'
import type { Running } from '../rig/running.ts'
import { endpoint, script, supervise, type TestConfig } from '../rig/supervise.ts'

const http = { host: '127.0.0.1', port: 0 }

for (const { way, start, skip } of ways) {
  t.test(`${way}: the endpoint tells how the processes are`, { skip }, async (t) => {
    const ringmaster = await supervise(t, start, {
      http,
      processes: {
        web: script('echo up; exec sleep 1000', { replicas: 2 }),
        flaky: script('sleep 0.01; exit 1', { backoff: { initialSeconds: 600, maxSeconds: 600 } }),
      },
    })
    const url = await endpoint(ringmaster)
    await ringmaster.line(/flaky\.1 restarts in \d+ ms/)
    t.match(await get(`${url}/livez`), { status: 200, body: 'ok' })
    t.match(await get(`${url}/startupz`), { status: 200, body: 'ok' })
    t.match(await get(`${url}/readyz`), {
      status: 503,
      body: /^\[-\]flaky\.1 backoff\nreadyz check failed\n$/,
    })
    const { body } = await get(`${url}/metrics`)
    t.match(body, /^ringmaster_process_phase\{process="web",replica="2",phase="running"\} 1$/m)
    t.match(
      body,
      /^ringmaster_process_restarts_total\{process="flaky",replica="1",cause="error"\} 2$/m,
    )
    t.match(body, /^ringmaster_process_last_exit_code\{process="flaky",replica="1"\} 1$/m)
  })

  t.test(
    `${way}: readiness goes at TERM, and the port answers until the end`,
    { skip },
    async (t) => {
      const ringmaster = await supervise(t, start, {
        http,
        processes: { web: script('trap "echo told" TERM; echo up; while :; do sleep 0.01; done') },
      })
      const url = await endpoint(ringmaster)
      await ringmaster.line(/^web\.1 \| up$/)
      t.match(await get(`${url}/readyz`), { status: 200 })
      ringmaster.signal('SIGTERM')
      await ringmaster.line(/^web\.1 \| told$/)
      t.match(await get(`${url}/readyz`), { status: 503 })
      t.match(await get(`${url}/livez`), { status: 200 })
    },
  )
}

const lines = 'printf "a\\nb\\npart"; printf "err\\n" >&2; exit 0'

t.test('each form of the output', async (t) => {
  const printed = async (format: string) => {
    const ringmaster = await supervise(t, alone, {
      logs: { format },
      processes: { web: script(lines, { restartPolicy: 'Never' }) },
    })
    return ringmaster.end()
  }
  const prefix = await printed('prefix')
  t.equal(prefix.stdout, 'web.1 | a\nweb.1 | b\nweb.1 | part\n')
  t.match(prefix.stderr, /^web\.1 \| err$/m)
  t.equal((await printed('raw')).stdout, 'a\nb\npart\n')
  const json = (await printed('json')).stdout.trimEnd().split('\n')
  t.match(
    json.map((line) => JSON.parse(line)),
    ['a', 'b', 'part'].map((line) => ({
      ...{ process: 'web', instance: 'web.1', run: 1, stream: 'stdout', line },
    })),
  )
})

t.test('a reader of our output that is gone ends nobody', async (t) => {
  const ringmaster = await quiet(t, {
    http,
    processes: { web: script('while :; do echo line; done') },
  })
  const url = await endpoint(ringmaster)
  t.match(await get(`${url}/readyz`), { status: 200 })
  ringmaster.signal('SIGTERM')
  t.match(await ringmaster.exit(), { code: 0 })
})

t.test('a reader of our output that sleeps stops the writer, not us', async (t) => {
  const ringmaster = await supervise(
    t,
    alone,
    { http, processes: { web: script('while :; do echo line; done') } },
    { by: ['sh', '-c', '"$@" | sleep 1000', 'sh'] },
  )
  const url = await endpoint(ringmaster)
  t.match(await get(`${url}/readyz`), { status: 200 })
  ringmaster.signal('SIGTERM')
  await ringmaster.until(() => ringmaster.state() === undefined || ringmaster.state() === 'Z')
})

/** Starts Ringmaster with an stdout that nobody reads any more. */
function quiet(t: Test, config: TestConfig, setting: Setting = {}): Promise<Running> {
  return supervise(t, alone, config, { ...setting, by: ['sh', '-c', '"$@" | true', 'sh'] })
}

async function get(url: string): Promise<{ status: number; body: string }> {
  const response = await fetch(url)
  return { status: response.status, body: await response.text() }
}
