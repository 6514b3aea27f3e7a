import t from 'tap'
import type { Past, Revision } from '../../../src/core/state.ts'
import { resolvePast } from '../../../src/os/past-rights.ts'
import { rightsKey } from '../../../src/os/rights.ts'
import { resolveRights } from '../../../src/os/start-rights.ts'
import type { SecuritySpec } from '../../../src/plan/instance-spec.ts'
import type { Plan } from '../../../src/plan/plan.ts'
import type { ProcessSpec } from '../../../src/plan/process-spec.ts'
import { planOf, processSpec } from '../../rig/specs.ts'

const own = process.getuid?.() ?? 0

/** As whoever runs the test. */
function web(security: Partial<SecuritySpec> = {}, sockets: readonly string[] = []): ProcessSpec {
  const spec = processSpec('web')
  const { template } = spec
  const whole = { ...template.security, user: own, ...security }
  return { ...spec, template: { ...template, sockets, security: whole } }
}
const revision = (number: number, spec: ProcessSpec): Revision => ({
  ...{ number, spec, atWallMs: 1, by: 'test', changes: [], isGood: true },
})
const pastOf = (...specs: readonly ProcessSpec[]): readonly Past[] => [
  {
    ...{ process: 'web', nextRevision: 9 },
    revisions: specs.map((spec, index) => revision(index + 1, spec)),
  },
]
const socket = { kind: 'unix', name: 'there', path: '/x', mode: 0o600 } as const
const plan: Plan = {
  ...planOf(web()),
  sockets: [{ ...socket, user: null, group: null, backlog: 5 }],
}
const resolve = (past: readonly Past[]) =>
  resolvePast(past, plan, { kind: 'kept', reason: 'test', rights: resolveRights(plan) })
const numbers = (past: readonly Past[]) =>
  past.flatMap(({ revisions }) => revisions.map(({ number }) => number))

t.test('what a revision needs besides what is known is resolved', async (t) => {
  const other = web({ allowsPrivilegeEscalation: true }, ['there'])
  const { past, rights, problems } = resolve(pastOf(web(), other))
  t.same([past, problems], [pastOf(web(), other), []])
  t.equal(rights.get(rightsKey(other.template.security))?.noNewPrivileges, false)
  t.equal(rights.get(rightsKey(web().template.security))?.noNewPrivileges, true)
})

t.test('what cannot be had in this start is left out, and told', async (t) => {
  const { past, problems } = resolve(
    pastOf(web(), web({}, ['gone']), web({ user: 'nobody-of-that-name' }), web()),
  )
  t.same(numbers(past), [1, 4])
  t.match(past, [{ process: 'web', nextRevision: 9 }])
  t.same(problems, ['revisions of web are left out (2, 3): there is no socket gone'])
})

t.test('what would wait for a process that is no more is left out', async (t) => {
  const dependsOn = [{ process: 'job', condition: 'ready' }] as const
  const { past, problems } = resolve(pastOf({ ...web(), dependsOn }, web()))
  t.same(numbers(past), [2])
  t.same(problems, ['revisions of web are left out (1): there is no process job'])
})

t.test('root is not taken for granted', { skip: own !== 0 && 'not root' }, async (t) => {
  const { past, problems } = resolve(pastOf(web({ user: null })))
  t.same(numbers(past), [])
  t.match(problems, [/^revisions of web are left out \(1\): cannot start web as root unasked/])
})

t.test('what is no spec is left out', async (t) => {
  const { template: _, ...bare } = web()
  const { probes: __, ...unprobed } = web()
  const { past, problems } = resolve(pastOf(bare as ProcessSpec, unprobed as ProcessSpec, web()))
  t.same(numbers(past), [3])
  t.equal(problems.length, 1)
})

t.test('of processes that are no more nothing is told', async (t) => {
  const { past, problems } = resolve(
    pastOf(web({}, ['gone'])).map((one) => ({ ...one, process: 'old' })),
  )
  t.same([past, problems], [[], []])
})
