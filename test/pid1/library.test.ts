import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import t from 'tap'
import type * as Library from '../../src/index.ts'
import { blocks } from '../rig/documents.ts'
import { root } from '../rig/fixtures.ts'
import { installWhole } from '../rig/installation.ts'
import { folder, script } from '../rig/supervise.ts'
import { patienceMs, until } from '../rig/wait.ts'

// As it is installed.
const { createSupervisor, RingmasterClient } = createRequire(import.meta.url)(
  join(root, 'build/index.cjs'),
) as typeof Library

const user = { securityContext: { runAsUser: process.getuid?.() ?? 0 } }
const sleeper = { ...script('exec sleep 1000'), ...user }

t.test('a Ringmaster of our own is started, asked and ended', async (t) => {
  const config = { http: false, processes: { web: { ...sleeper, replicas: 2 } } }
  const supervisor = await createSupervisor({ config, output: 'ignore' })
  const { client } = supervisor
  t.match(await client.wait(['web'], 'ready', { timeoutSeconds: 10 }), { result: 'done' })
  const { instances, lastRun } = await client.restart(['web.2'])
  t.same(instances, ['web.2'])
  const waiting = { after: lastRun, timeoutSeconds: 10 }
  t.match(await client.wait(instances, 'started', waiting), { result: 'done' })
  t.equal((await client.supervisor()).pid, supervisor.pid)
  await t.rejects(client.stop(['wep']), { code: 'REQUEST_FAILED', cause: { code: 'NO_SUCH_NAME' } })
  t.equal(await supervisor.shutdown(), 0)
  t.equal(await supervisor.ended, 0)
  t.equal(await supervisor.shutdown(), 0)
  await t.rejects(client.status(), { code: 'UNREACHABLE' })
})

t.test('a start that is refused says why', async (t) => {
  const config = { processes: { web: { command: ['sleep', '1'], comand: 1 } } }
  await t.rejects(createSupervisor({ config, output: 'ignore' }), {
    ...{ code: 'START_REFUSED', message: /\(78\): .*unknown key/s },
  })
})

t.test('events are followed until nobody wants them', async (t) => {
  const config = { http: false, processes: { web: sleeper } }
  const supervisor = await createSupervisor({ config, output: 'ignore' })
  const phases: (string | null)[] = []
  for await (const { instance, phase } of supervisor.client.followEvents(['web'], { after: 0 })) {
    phases.push(phase)
    if (instance === 'web.1' && phase === 'running') break
  }
  t.ok(phases.includes('starting'))
  t.equal(await supervisor.shutdown(), 0)
  t.ok(new RingmasterClient())
})

t.test('who follows and has enough is told its own reason', async (t) => {
  const config = {
    http: false,
    processes: { web: { ...script('echo up; exec sleep 1000'), ...user } },
  }
  const { client, shutdown } = await createSupervisor({ config, output: 'ignore' })
  t.teardown(shutdown)
  for (const follow of [
    (signal: AbortSignal) => client.followEvents([], { after: 0, signal }),
    (signal: AbortSignal) => client.logs([], { follow: true, signal }),
  ]) {
    const enough = new AbortController()
    const read = async () => {
      for await (const _ of follow(enough.signal)) enough.abort(new Error('enough'))
    }
    await t.rejects(read(), { message: 'enough' })
  }
})

t.test('it ends with the program that started it, however that ends', async (t) => {
  const config = { http: false, processes: { web: sleeper } }
  const text = `const { createSupervisor } = require(${JSON.stringify(join(root, 'build/index.cjs'))})
  createSupervisor({ config: ${JSON.stringify(config)}, output: 'ignore' }).then(({ pid }) => console.log(pid))`
  const program = spawn(process.execPath, ['-e', text], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => program.kill('SIGKILL'))
  const pid = Number(await new Promise((resolve) => program.stdout.once('data', resolve)))
  t.ok(existsSync(`/proc/${pid}`))
  program.kill('SIGKILL')
  await until(() => !existsSync(`/proc/${pid}`))
})

t.test('how a signal ended it is told as a shell does', async (t) => {
  const config = { http: false, processes: { web: sleeper } }
  const supervisor = await createSupervisor({ config, output: 'ignore' })
  process.kill(supervisor.pid, 'SIGKILL')
  t.equal(await supervisor.ended, 137)
})

t.test('a program imports what is installed, as docs/library.md does', async (t) => {
  const place = folder(t)
  mkdirSync(join(place, 'node_modules'))
  const installed = join(dirname(installWhole(t)), '..')
  symlinkSync(installed, join(place, 'node_modules', 'ringmaster'))
  const example = blocks('docs/library.md', 'js')[0]?.text ?? ''
  const imports = example.split('\n').filter((line) => line.startsWith('import '))
  const config = { http: false, processes: { web: sleeper } }
  // With the example's names, on a configuration that there is.
  const text = `${imports.join('\n')}
    const supervisor = await createSupervisor({ config: ${JSON.stringify(config)}, output: 'ignore' })
    await supervisor.client.wait(['all'], 'ready')
    console.log((await supervisor.client.status()).length, await supervisor.shutdown())
    try {
      new RingmasterClient({ url: 'http://web.test:9100', token: 'x' })
    } catch ({ code }) {
      console.log(code)
    }`
  writeFileSync(join(place, 'program.mjs'), text)
  const { stdout, stderr } = spawnSync(process.execPath, [join(place, 'program.mjs')], {
    encoding: 'utf8',
    timeout: patienceMs,
  })
  t.equal(stdout, '1 0\nUSAGE\n', stderr)
})
