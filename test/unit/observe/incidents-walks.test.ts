import assert from 'node:assert/strict'
import t from 'tap'
import type { Change, InstanceChange } from '../../../src/core/changes.ts'
import { initialState } from '../../../src/core/initial-state.ts'
import { view } from '../../../src/core/view.ts'
import { createHistory } from '../../../src/observe/history.ts'
import { createIncidents } from '../../../src/observe/incidents.ts'
import type { Incident } from '../../../src/ports/incidents.ts'
import { chooseSeed } from '../../rig/random.ts'
import { planOf } from '../../rig/specs.ts'
import { walk } from '../../rig/walk/walk.ts'

const seed = chooseSeed()
const walks = Number(process.env['RINGMASTER_WALKS'] ?? 200)
const known = view(initialState(planOf()))

t.test('each bad end of every walk is one incident, and each phase one event', async (t) => {
  let count = 0
  for (let number = seed; number < seed + walks; number++) {
    try {
      count += check(walk(number, number % 100).changes)
    } catch (error) {
      throw new Error(`RINGMASTER_SEED=${number} RINGMASTER_WALKS=1 shows it`, { cause: error })
    }
  }
  t.ok(count > walks / 2, `${count} incidents in ${walks} walks from seed ${seed}`)
})

/** How many incidents there are. */
function check(changes: readonly Change[]): number {
  const incidents = createIncidents({
    view: () => known,
    lastWords: () => ({ stdout: 'out\n', stderr: '' }),
    lookAt: (pid) => ({ cpuSeconds: 1, residentBytes: pid }),
    wallMs: () => 0,
  })
  const history = createHistory({ later: () => {}, report() {}, limit: 1_000_000 })
  let count = 0
  for (const change of changes) {
    const before = 'process' in change ? incidents.of(change.process) : []
    incidents.change(change)
    history.change(change)
    if (!('process' in change)) continue
    const [last, ...others] = incidents.of(change.process).filter((one) => !before.includes(one))
    assert.deepEqual(others, [])
    assert.equal(last !== undefined, change.type === 'instance' && isBadEnd(change))
    if (last === undefined || change.type !== 'instance') continue
    count += 1
    checkIncident(last, change)
  }
  const events = history.since(0)
  assert.deepEqual(
    events.map(({ id }) => id),
    events.map((_, index) => index + 1),
  )
  const phases = (some: readonly { readonly type: string }[]) =>
    some.filter(({ type }) => type === 'instance' || type === 'supervisor').length
  assert.equal(phases(events), phases(changes))
  for (const { text } of events) assert.match(text, /^[^\n]{1,1000}$/)
  return count
}

/** Told once nothing of the run lives. */
function isBadEnd({ cause, phase, delayMs }: InstanceChange): boolean {
  if (cause === undefined || phase === 'stopping') return false
  if (phase === 'failed') return true
  if (cause === 'completed') return delayMs !== undefined
  return cause !== 'stop-requested' && cause !== 'max-age'
}

function checkIncident(incident: Incident, change: InstanceChange): void {
  const { startedAtMs, endedAtMs, livedMs, pid, usage } = incident
  assert.deepEqual(JSON.parse(JSON.stringify(incident)), incident)
  assert.doesNotMatch(`${incident.text} ${incident.reason}`, /undefined|NaN|\[object/)
  assert.deepEqual(
    [incident.instance, incident.run, incident.cause, incident.next],
    [change.instance, change.run, change.cause, change.phase],
  )
  assert.equal(pid === null, startedAtMs === null)
  assert.ok(livedMs === null || (livedMs >= 0 && startedAtMs !== null && endedAtMs >= startedAtMs))
  assert.ok(usage === null || usage.residentBytes === pid)
  assert.equal(incident.code !== null || incident.signal !== null, change.status !== undefined)
}
