import t from 'tap'
import type { View } from '../../../src/core/view.ts'
import { api, appFor, notReady, ready, web } from '../../rig/endpoint.ts'
import { instanceView, processView, viewOf } from '../../rig/views.ts'

const api2and3 = '[-]api.2 backoff\n[-]api.3 starting\n'

const answers: readonly (readonly [string, View, string, number, string])[] = [
  ['livez is ok', ready, '/livez', 200, 'ok'],
  ['livez is ok whatever the children do', notReady, '/livez', 200, 'ok'],
  ['healthz is livez', notReady, '/healthz', 200, 'ok'],
  ['readyz is ok', ready, '/readyz', 200, 'ok'],
  ['without processes readyz is ok', viewOf(), '/readyz', 200, 'ok'],
  [
    'verbose readyz shows each process',
    ready,
    '/readyz?verbose',
    200,
    '[+]web ready\nreadyz check passed\n',
  ],
  [
    'readyz says which instances fail',
    notReady,
    '/readyz',
    503,
    '[-]api.2 backoff\n[-]api.3 starting\nreadyz check failed\n',
  ],
  [
    'verbose readyz shows what fails first, then the rest',
    notReady,
    '/readyz?verbose',
    503,
    '[-]api.2 backoff\n[-]api.3 starting\n[+]web ready\nreadyz check failed\n',
  ],
  [
    'in a shutdown nothing is ready',
    { ...ready, phase: 'stopping', isReady: false },
    '/readyz',
    503,
    '[-]shutdown in progress\nreadyz check failed\n',
  ],
  [
    'who is drained, or in maintenance, is not ready',
    { ...ready, withdrawn: { for: 'drain', isDrained: true }, isReady: false },
    '/readyz',
    503,
    '[-]drain in progress\nreadyz check failed\n',
  ],
  [
    'startupz is ok once all have been ready',
    viewOf(web, { ...api, isStarted: true }),
    '/startupz',
    200,
    'ok',
  ],
  [
    'startupz says what it waits for',
    notReady,
    '/startupz',
    503,
    '[-]api.2 backoff\n[-]api.3 starting\nstartupz check failed\n',
  ],
  [
    'livez fails when a shutdown has outlived its budget',
    { ...ready, phase: 'stopping', isOverdue: true },
    '/livez?verbose',
    503,
    '[-]shutdown has outlived its budget\n[+]ping ok\nlivez check failed\n',
  ],
  ['readyz of one process is ok', notReady, '/readyz/web', 200, 'ok'],
  [
    'readyz of one process says why not',
    notReady,
    '/readyz/api',
    503,
    `${api2and3}readyz check failed\n`,
  ],
  [
    'in a shutdown no process is ready',
    { ...ready, phase: 'draining', isReady: false },
    '/readyz/web?verbose',
    503,
    '[-]shutdown in progress\n[+]web ready\nreadyz check failed\n',
  ],
  [
    'livez of a process is ok while it is restarted',
    notReady,
    '/livez/api?verbose',
    200,
    '[+]api alive\nlivez check passed\n',
  ],
  [
    'livez of a process fails with what was given up',
    viewOf(processView('api', instanceView('api.1'), instanceView('api.2', { phase: 'failed' }))),
    '/livez/api',
    503,
    '[-]api.2 failed\nlivez check failed\n',
  ],
  [
    'startupz of one process',
    notReady,
    '/startupz/web?verbose',
    200,
    '[+]web started\nstartupz check passed\n',
  ],
  [
    'a process that does not count is answered for where it is named',
    viewOf(web, { ...processView('none'), counts: false, isReady: false }),
    '/readyz/none',
    503,
    '[-]none no instances\nreadyz check failed\n',
  ],
  [
    'an instance that waits says what for',
    viewOf(
      processView(
        'web',
        instanceView('web.1', { phase: 'pending', reason: 'waiting for db: ready' }),
      ),
    ),
    '/readyz',
    503,
    '[-]web.1 waiting for db: ready\nreadyz check failed\n',
  ],
  [
    'of those that are not ready, who has succeeded is not to blame',
    viewOf({
      ...processView(
        'job',
        instanceView('job.1', { phase: 'succeeded' }),
        instanceView('job.2', { phase: 'backoff' }),
      ),
      isReady: false,
    }),
    '/readyz',
    503,
    '[-]job.2 backoff\nreadyz check failed\n',
  ],
  [
    'of those that have not started, who runs no more but did is not to blame',
    viewOf({
      ...processView(
        'api',
        instanceView('api.1', { phase: 'backoff', isStarted: true }),
        instanceView('api.2', { phase: 'starting' }),
      ),
      isStarted: false,
    }),
    '/startupz',
    503,
    '[-]api.2 starting\nstartupz check failed\n',
  ],
  ['what is excluded does not fail', notReady, '/readyz?exclude=api', 200, 'ok'],
  [
    'what is excluded is said',
    notReady,
    '/readyz?verbose&exclude=api&exclude=web',
    200,
    '[+]web excluded: ok\n[+]api excluded: ok\nreadyz check passed\n',
  ],
  ['an unknown name to exclude changes nothing', ready, '/readyz?exclude=nobody', 200, 'ok'],
  [
    'an unknown name to exclude is warned of where there is room',
    notReady,
    '/readyz?exclude=api.2&exclude=x%0Ay&exclude=x%0Ay&exclude=web',
    503,
    `${api2and3}warn: some health checks cannot be excluded: no matches for "api.2","x\\ny"\nreadyz check failed\n`,
  ],
  [
    'a shutdown cannot be excluded',
    { ...ready, phase: 'stopping', isReady: false },
    '/readyz?exclude=shutdown',
    503,
    '[-]shutdown in progress\nwarn: some health checks cannot be excluded: no matches for "shutdown"\nreadyz check failed\n',
  ],
  ['metrics', ready, '/metrics', 200, 'a 1\n'],
  ['there is no other process', ready, '/readyz/nobody', 404, 'no such process\n'],
  ['a process without a name is none', ready, '/livez/', 404, 'no such process\n'],
  ['an object has no processes of its own', ready, '/startupz/__proto__', 404, 'no such process\n'],
  ['an instance is not a process', ready, '/readyz/web.1', 404, 'no such process\n'],
  ['nothing else is there', ready, '/readyz/web/more', 404, 'not found\n'],
  ['a path that is no text is nowhere', ready, '/readyz/%ff', 404, '404 Not Found'],
  [
    'a path that is too long is nowhere',
    ready,
    `/readyz/${'n'.repeat(1000)}`,
    404,
    '404 Not Found',
  ],
]

for (const [rule, view, url, status, body] of answers) {
  t.test(rule, async (t) => {
    const app = appFor(view)
    const response = await app.inject({ url })
    t.equal(response.statusCode, status)
    t.equal(response.body, body)
    t.match(response.headers['content-type'], /^text\/plain/)
    const head = await app.inject({ method: 'HEAD', url })
    t.equal(head.statusCode, status)
    t.equal(head.body, '')
  })
}
