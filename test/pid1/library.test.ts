import { createRequire } from 'node:module'
import { join } from 'node:path'
import t from 'tap'
import type * as Library from '../../src/index.ts'
import { root } from '../rig/fixtures.ts'
import { script } from '../rig/supervise.ts'

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
