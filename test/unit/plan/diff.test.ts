import t from 'tap'
import { diffPlans, diffProcess, needsNewRuns } from '../../../src/plan/diff.ts'
import type { InstanceTemplate } from '../../../src/plan/instance-spec.ts'
import type { Plan } from '../../../src/plan/plan.ts'
import type { ProcessSpec } from '../../../src/plan/process-spec.ts'
import { type ProcessGiven, planOf, probeSpec, processSpec } from '../../rig/specs.ts'

const web = (given: ProcessGiven = {}, template: Partial<InstanceTemplate> = {}): ProcessSpec => {
  const spec = processSpec('web', given)
  return { ...spec, template: { ...spec.template, ...template } }
}
const diff = (after: ProcessSpec, before = web()) => {
  const found = diffProcess(before, after)
  return found && `${found.kind} ${found.fields.join(' ')}`
}

t.test('what differs is named as it is written', async (t) => {
  t.equal(diff(web()), null)
  t.equal(diff(web({ replicas: 2 })), 'scale replicas')
  t.equal(diff(web({ graceMs: 1, replicas: 2 })), 'update terminationGracePeriodSeconds replicas')
  t.equal(diff(web({ memoryLimitBytes: 1 })), 'update resources')
  t.equal(diff(web({}, { command: ['b'] })), 'rollout command')
  t.equal(
    diff(web({ graceMs: 1 }, { workingDir: '/' })),
    'rollout terminationGracePeriodSeconds workingDir',
  )
})

t.test('new runs are needed for what a run keeps for its life', async (t) => {
  const { logs, security } = web().template
  const kept: Partial<InstanceTemplate>[] = [
    { env: { A: 'b' } },
    { inheritEnv: [] },
    { sockets: ['web'] },
    { ports: [{ name: null, port: '80' }] },
    { security: { ...security, user: 1 } },
    { logs: { ...logs, stdout: 'discard' } },
    { notify: { watchdogMs: 1 } },
    { checks: { readiness: { kind: 'logLine', pattern: 'a' } } },
  ]
  for (const template of kept) {
    t.ok(needsNewRuns(web(), web({}, template)), Object.keys(template).join())
  }
  t.ok(needsNewRuns(web(), web({ isOnDemand: true })))
  const spoken = web({ probes: { startup: probeSpec({ by: 'notify' }) } })
  t.ok(needsNewRuns(spoken, web({ probes: { startup: probeSpec({ by: 'notify', periodMs: 1 }) } })))
  t.notOk(needsNewRuns(web(), web({}, { logs: { ...logs, format: 'raw' } })))
  t.notOk(needsNewRuns(web(), web({ probes: { readiness: probeSpec() } })))
})

t.test('a sibling that comes or goes is no difference, another port of one is', async (t) => {
  const services = ['DB_SERVICE_PORT']
  const withDb = (port: string) => web({}, { env: { DB_SERVICE_PORT: port }, services })
  t.equal(diff(withDb('1')), null)
  t.equal(diff(web(), withDb('1')), null)
  t.equal(diff(withDb('1'), withDb('2')), 'rollout env')
})

t.test('processes that come and go, and settings that can change or not', async (t) => {
  const { logs, sockets, dropsSelf, stateDir, ...before } = planOf(web(), processSpec('db'))
  const running = { ...before, fixed: { logs, sockets, dropsSelf, stateDir } }
  const after: Plan = {
    ...planOf(web(), processSpec('api')),
    shutdown: { drainMs: 1, graceMs: 1 },
    ...{ http: { host: '::', port: 1 }, dropsSelf: !dropsSelf },
  }
  t.same(diffPlans(running, after), {
    processes: [
      { process: 'api', kind: 'added', fields: [], replicas: null },
      { process: 'db', kind: 'removed', fields: [], replicas: null },
    ],
    settings: ['http', 'shutdown'],
    fixed: ['dropSelf'],
  })
})
