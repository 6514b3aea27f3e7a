import t from 'tap'
import { judge } from '../../../../src/api/control/wait.ts'
import type { View } from '../../../../src/core/view.ts'
import { controlApp, us } from '../../../rig/control-app.ts'
import { processSpec } from '../../../rig/specs.ts'
import { instanceView, processView, viewOf } from '../../../rig/views.ts'

t.test('a command is taken in at once, for the instances that are named', async (t) => {
  for (const type of ['start', 'stop', 'restart'] as const) {
    const { app, posted } = controlApp()
    const body = { names: ['web.2', 'job'] }
    const { statusCode, payload } = await app.inject({
      ...{ method: 'POST', url: `/v1/processes/${type}`, body },
    })
    t.equal(statusCode, 200)
    t.same(JSON.parse(payload), {
      instances: ['web.2', 'job.1'],
      names: ['web.2', 'job'],
      lastRun: 1,
    })
    t.same(posted, [{ type, instances: ['web.2', 'job.1'], by: 'uid 0, pid 9' }])
  }
})

t.test('a reload is a signal where there is one, else new runs', async (t) => {
  const specs = () => [processSpec('web', { replicas: 2 }), processSpec('job', { reloadSignal: 1 })]
  const { app, posted } = controlApp({ specs })
  const ask = (...names: string[]) =>
    app.inject({ method: 'POST', url: '/v1/processes/reload', body: { names } })
  t.equal((await ask('all')).statusCode, 200)
  t.equal((await ask('web.2')).statusCode, 200)
  const by = 'uid 0, pid 9'
  t.same(posted, [
    { type: 'rollout', process: 'web', action: 'restart', by },
    { type: 'send', instances: ['job.1'], signal: 1, to: 'process', by },
    { type: 'restart', instances: ['web.2'], by },
  ])
})

t.test('a signal has a name, and goes on to children where that is asked for', async (t) => {
  const { app, posted } = controlApp()
  for (const [body, status] of [
    [{ names: ['job'], signal: 'usr1' }, 200],
    [{ names: ['job'], signal: '9', children: true }, 200],
    [{ names: ['job'], signal: 'NOPE' }, 400],
  ] as const) {
    const { statusCode } = await app.inject({ method: 'POST', url: '/v1/processes/signal', body })
    t.equal(statusCode, status, body.signal)
  }
  t.match(posted, [
    { type: 'send', instances: ['job.1'], signal: 10, to: 'process' },
    { type: 'send', instances: ['job.1'], signal: 9, to: 'tree' },
  ])
})

t.test('what is not as the schema says does nothing', async (t) => {
  const { app, posted } = controlApp()
  for (const [url, body, detail] of [
    ['/v1/processes/stop', {}, /body\.names: /],
    ['/v1/processes/stop', { names: 'web' }, /body\.names: /],
    ['/v1/processes/stop', { names: [] }, /say "all"/],
    ['/v1/processes/stop', { names: ['web', 'nope'] }, /no such process or group nope/],
    ['/v1/processes/signal', { names: ['web'] }, /body\.signal: /],
    ['/v1/processes/stop', { names: ['web'], now: true }, /body\.now: there is no such field$/],
    ['/v1/config/apply', { dryrun: true }, /body\.dryrun: .*; did you mean dryRun\?$/],
    ['/v1/rollouts/web', { action: 'undo', to: 1 }, /body\.to: there is no such field/],
  ] as const) {
    const { statusCode, payload } = await app.inject({ method: 'POST', url, body })
    t.ok(statusCode === 400 || statusCode === 404)
    t.match(JSON.parse(payload).detail, detail, JSON.stringify(body))
  }
  const text = { method: 'POST', url: '/v1/processes/stop', payload: '{', headers: {} } as const
  const headers = { 'content-type': 'application/json' }
  t.equal((await app.inject({ ...text, headers })).statusCode, 400)
  const plain = await app.inject({
    ...text,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
  t.match(plain.json(), { status: 400, detail: 'a body has to be application/json' })
  t.same(posted, [])
})

t.test('in a shutdown nothing is wanted any more', async (t) => {
  const view = () =>
    ({ ...viewOf(processView('web', instanceView('web.1'))), phase: 'stopping' }) as View
  const { app, posted } = controlApp({ view })
  for (const [method, url, body] of [
    ['POST', '/v1/processes/start', { names: ['web'] }],
    ['POST', '/v1/supervisor/drain', undefined],
    ['PUT', '/v1/supervisor/maintenance', { on: true }],
  ] as const) {
    const { statusCode, payload } = await app.inject({ method, url, ...(body && { body }) })
    t.match([statusCode, JSON.parse(payload)], [409, { code: 'NOT_POSSIBLE_NOW' }], url)
  }
  t.same(posted, [])
})

t.test('drain, maintenance and shutdown say who asked', async (t) => {
  const view = { ...viewOf(), withdrawn: { for: 'drain', isDrained: true } } as const
  const { app, posted } = controlApp({ view: () => view })
  const drained = await app.inject({ method: 'POST', url: '/v1/supervisor/drain' })
  t.match(drained.json(), { withdrawn: 'drain', drained: true, access: 'control' })
  await app.inject({ method: 'PUT', url: '/v1/supervisor/maintenance', body: { on: false } })
  await app.inject({ method: 'POST', url: '/v1/supervisor/shutdown' })
  t.same(posted, [
    { type: 'drain', by: 'uid 0, pid 9' },
    { type: 'maintenance', isOn: false, by: 'uid 0, pid 9' },
    { type: 'shutdown', reason: 'asked for by uid 0, pid 9', code: 0 },
  ])
})

t.test('who may only look may wait, and give no command', async (t) => {
  const { app, posted } = controlApp({}, { ...us, isDescendant: true })
  const waited = await app.inject('/v1/wait?name=job&for=ready')
  t.same(waited.json(), { result: 'done', missing: [] })
  const body = { names: ['web'] }
  t.equal((await app.inject({ method: 'POST', url: '/v1/processes/stop', body })).statusCode, 403)
  t.same(posted, [])
})

t.test('how far what is named is', async (t) => {
  const view = viewOf(
    {
      ...processView('web', instanceView('web.1'), instanceView('web.2', { phase: 'backoff' })),
      isReady: true,
    },
    processView('job', instanceView('job.1', { phase: 'failed' })),
    processView('done', instanceView('done.1', { phase: 'succeeded', run: 7 })),
    processView('none'),
    processView('idle', instanceView('idle.1', { phase: 'stopped', run: 0 })),
    processView('stopped', instanceView('stopped.1', { phase: 'stopped', run: 3 })),
  )
  for (const [name, goal, after, result] of [
    ['web', 'ready', -1, 'done'],
    ['web.2', 'ready', -1, 'timeout'],
    ['web', 'started', -1, 'timeout'],
    ['web.1', 'started', -1, 'done'],
    ['web.1', 'started', 1, 'timeout'],
    ['web.1', 'stopped', -1, 'timeout'],
    ['job', 'stopped', -1, 'done'],
    ['job', 'started', -1, 'failed'],
    ['done', 'succeeded', -1, 'done'],
    ['done', 'started', 6, 'done'],
    ['none', 'stopped', -1, 'done'],
    ['none', 'started', -1, 'timeout'],
    ['non*', 'started', -1, 'done'],
    ['idle', 'ready', -1, 'timeout'],
    ['idle.1', 'ready', -1, 'timeout'],
    ['id*', 'ready', -1, 'done'],
    ['stopped', 'ready', -1, 'timeout'],
    ['sto*', 'ready', -1, 'timeout'],
  ] as const) {
    t.equal(judge(view, [name], goal, after).result, result, `${name} ${goal} ${after}`)
  }
  t.same(judge(view, ['web.2'], 'ready', -1).missing, ['web.2: backoff'])
  const ending = { ...view, phase: 'stopping' } as const
  t.equal(judge(ending, ['web.2'], 'ready', -1).result, 'ending')
  t.equal(judge(ending, ['web.2'], 'stopped', -1).result, 'timeout')
})
