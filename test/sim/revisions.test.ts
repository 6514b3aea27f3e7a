import t from 'tap'
import type { Past } from '../../src/core/state.ts'
import type { ProcessSpec } from '../../src/plan/process-spec.ts'
import { FakeWorld } from '../rig/fake-world.ts'
import { planOf, processSpec } from '../rig/specs.ts'

const web = (command: string): ProcessSpec => {
  const spec = processSpec('web')
  return { ...spec, template: { ...spec.template, command: [command] } }
}
const plan = (command: string) => ({ ...planOf(web(command)), stateDir: '/state' })
const begin = (command: string, past?: readonly Past[]) => {
  const world = new FakeWorld(plan(command), past && { past })
  world.runtime.post({ type: 'begin' })
  return world
}
/** As a file would have them. */
const keptBy = ({ kept }: FakeWorld): readonly Past[] => JSON.parse(JSON.stringify(kept.at(-1)))

t.test('a start finds what an earlier one had kept, and goes back to it', async (t) => {
  const first = begin('/old')
  first.runtime.post({ type: 'apply', plan: plan('/new'), by: 'test' })
  t.match(keptBy(first), [{ process: 'web', nextRevision: 3, revisions: [{}, { by: 'test' }] }])

  const second = begin('/newest', keptBy(first))
  t.match(second.runtime.view().processes, [{ revision: 3 }])
  t.match(second.runtime.specs(), [{ template: { command: ['/newest'] } }])
  second.runtime.post({
    type: 'rollout',
    process: 'web',
    by: 'test',
    action: 'undo',
    toRevision: 1,
  })
  t.match(second.runtime.specs(), [{ template: { command: ['/old'] } }])
  t.match(keptBy(second), [{ nextRevision: 4, revisions: [{}, {}, { number: 1 }] }])
})

t.test('a store that throws holds up nothing', async (t) => {
  const world = new FakeWorld(plan('/old'))
  world.ports.revisions.keep = () => {
    throw new Error('no store')
  }
  world.runtime.post({ type: 'begin' })
  t.match(world.runs, [{ instance: 'web.1' }])
  t.match(
    world.changes.filter(({ type }) => type === 'internalError'),
    [{ message: /no store/ }],
  )
})
