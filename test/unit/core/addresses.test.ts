import t from 'tap'
import type { Addresses } from '../../../src/plan/plan.ts'
import { planOf, processSpec } from '../../rig/specs.ts'
import { Story, words } from '../../rig/story.ts'

const web = processSpec('web')
const access = { others: 'read', descendants: null } as const
const local = { socket: null, mode: 0o600, user: null, group: null, access, http: null }
const http = { host: '::1', port: 9100, tokenFile: '/token', tls: null }
const begun = () => new Story(web).take({ type: 'begin' }).run(1)
const to = (addresses: Partial<Addresses>) => ({ ...planOf(web), ...addresses })

t.test('another address is moved to once, before anything else changes', async (t) => {
  const at = { http: { host: '::', port: 9099 }, control: local }
  const story = begun().take({ type: 'apply', plan: to(at), by: 'test' })
  t.same(story.effects, [{ type: 'move', ...at }])
  t.match(story.changes, [{ type: 'config', diff: { settings: ['http', 'control'], fixed: [] } }])
  t.same(story.state.addresses, at)
  t.same(story.take({ type: 'apply', plan: to(at), by: 'test' }).effects, [])
  const fewer = { ...planOf(processSpec('web', { replicas: 0 })), ...at, http: null }
  t.same(words(story.take({ type: 'apply', plan: fewer, by: 'test' })).slice(0, 2), [
    ...['move', 'signal 1 15'],
  ])
})

t.test('files that are named for clients over TCP may say something new each time', async (t) => {
  const plan = to({ control: { ...local, http } })
  const story = begun().take({ type: 'apply', plan, by: 'test' })
  t.same(words(story.take({ type: 'apply', plan, by: 'test' })), ['move'])
  t.match(story.changes, [{ type: 'config', diff: { processes: [], settings: [], fixed: [] } }])
})

t.test('in a shutdown nothing moves', async (t) => {
  const plan = to({ control: local })
  const story = begun().take({ type: 'shutdown', reason: 'test', code: 0 })
  t.same(words(story.take({ type: 'apply', plan, by: 'test' })), [])
  t.same(story.state.addresses, { http: null, control: null })
})
