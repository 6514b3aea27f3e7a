import t from 'tap'
import { controlApp } from '../../../rig/control-app.ts'
import { instanceView, processView, viewOf } from '../../../rig/views.ts'

const revision = { atMs: Date.UTC(2030, 0, 2), by: 'test', changes: ['command'], isGood: true }
const settled = {
  ...processView(
    'web',
    instanceView('web.1', { revision: 2 }),
    instanceView('web.2', { revision: 2 }),
  ),
  ...{ replicas: 2, revision: 2 },
  revisions: [
    { ...revision, number: 1 },
    { ...revision, number: 2 },
  ],
}
const rollout = { reason: 'apply', beganAtMs: 0, updated: 1, available: 0 } as const
const failed = { revision: 2, result: 'failed', reason: 'web.2 failed' } as const

t.test('how far instances are replaced', async (t) => {
  for (const [given, expected] of [
    [{}, { state: 'complete', reason: null, updated: 2, available: 2 }],
    [{ rollout }, { state: 'progressing', updated: 1, available: 0 }],
    [{ rollout, isPaused: true }, { state: 'paused' }],
    [{ rollout: { ...rollout, reason: 'return' as const } }, { state: 'returning' }],
    [{ lastRollout: failed }, { state: 'failed', reason: 'web.2 failed' }],
    [{ lastRollout: { ...failed, result: 'returned' as const } }, { state: 'returned' }],
    [{ lastRollout: { ...failed, result: 'superseded' as const } }, { state: 'complete' }],
  ] as const) {
    const { app } = controlApp({ view: () => viewOf({ ...settled, ...given }) })
    const [status] = (await app.inject('/v1/rollouts?name=web')).json()
    t.match(status, { process: 'web', revision: 2, replicas: 2, ...expected })
  }
})

t.test('who waits for the end hears of it at once when there is nothing to wait for', async (t) => {
  const { app } = controlApp({ view: () => viewOf(settled) })
  t.match((await app.inject('/v1/rollouts?timeoutSeconds=60')).json(), [{ state: 'complete' }])
})

t.test('revisions are told', async (t) => {
  const { app } = controlApp({ view: () => viewOf(settled) })
  t.match((await app.inject('/v1/revisions')).json(), [
    { process: 'web', revision: 1, at: '2030-01-02T00:00:00.000Z', current: false },
    { revision: 2, changes: ['command'], good: true, current: true },
  ])
})

t.test('a rollout is steered, where that can be', async (t) => {
  const { app, posted } = controlApp({ view: () => viewOf(settled, processView('new')) })
  for (const [name, body, status] of [
    ['web', { action: 'undo' }, 200],
    ['web', { action: 'undo', toRevision: 1 }, 200],
    ['web', { action: 'undo', toRevision: 7 }, 404],
    ['new', { action: 'undo' }, 409],
    ['web', { action: 'restart' }, 200],
    ['web', { action: 'stir' }, 400],
    ['web.1', { action: 'restart' }, 404],
    ['nope', { action: 'restart' }, 404],
  ] as const) {
    const request = { method: 'POST', url: `/v1/rollouts/${name}`, body } as const
    t.equal((await app.inject(request)).statusCode, status, `${name} ${JSON.stringify(body)}`)
  }
  const same = { type: 'rollout', process: 'web', by: 'uid 0, pid 9' }
  t.same(posted, [
    { ...same, action: 'undo', toRevision: null },
    { ...same, action: 'undo', toRevision: 1 },
    { ...same, action: 'restart' },
  ])
})

t.test('an undo that nothing could come of is refused, with the reason', async (t) => {
  const { app, posted } = controlApp({
    view: () => viewOf(settled),
    obstacleToUndo: (process, toRevision) => `${process} ${toRevision}`,
  })
  const body = { action: 'undo', toRevision: 1 }
  const answer = await app.inject({ method: 'POST', url: '/v1/rollouts/web', body })
  t.equal(answer.statusCode, 409)
  t.match(answer.json(), { detail: 'web cannot go back: web 1; apply a configuration' })
  t.same(posted, [])
})

t.test('the configuration in force is told, with where it came from', async (t) => {
  const { app } = controlApp()
  t.same((await app.inject('/v1/config')).json(), {
    ...{ files: ['/etc/ringmaster.yaml'], at: '2030-03-17T17:46:40.000Z', by: 'start' },
    config: { processes: {}, 'x-files': ['/etc/ringmaster.yaml'] },
  })
})

t.test('a configuration is read, compared and applied', async (t) => {
  const plan = {} as never
  const read: unknown[] = []
  const { app, posted } = controlApp({
    readConfig: async (files, use) => {
      read.push(files)
      return use(files?.[0] === '/bad' ? { problem: 'bad:1:1: oh' } : { problem: null, plan })
    },
    preview: () => ({
      processes: [{ process: 'web', kind: 'rollout', fields: ['command'], replicas: null }],
      ...{ settings: ['shutdown'], fixed: [] },
    }),
  })
  const ask = (body: object) => app.inject({ method: 'POST', url: '/v1/config/apply', body })
  t.match((await ask({ dryRun: true })).json(), {
    processes: [{ process: 'web', kind: 'rollout', fields: ['command'] }],
    settings: ['shutdown'],
  })
  t.same(posted, [])
  const bad = await ask({ files: ['/bad'] })
  t.match([bad.statusCode, bad.json()], [422, { code: 'CONFIG_INVALID', detail: 'bad:1:1: oh' }])
  t.equal((await ask({ files: ['relative'] })).statusCode, 400)
  t.equal((await ask({ files: ['/good'] })).statusCode, 200)
  t.same(posted, [{ type: 'apply', plan, by: 'uid 0, pid 9' }])
  t.same(read, [null, ['/bad'], ['/good']])
})

t.test('a configuration that cannot be applied now is refused, tried or not', async (t) => {
  const { app, posted } = controlApp({
    readConfig: async (_, use) => use({ problem: null, plan: {} as never }),
    whyNotApply: () => 'processes.web.sockets: new is opened by a restart of the container only',
  })
  for (const body of [{}, { dryRun: true }]) {
    const answer = await app.inject({ method: 'POST', url: '/v1/config/apply', body })
    t.equal(answer.statusCode, 409)
    t.match(answer.json(), { detail: /^processes\.web\.sockets: new is opened by a restart/ })
  }
  t.same(posted, [])
})
