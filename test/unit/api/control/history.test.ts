import { once } from 'node:events'
import t from 'tap'
import { Feed } from '../../../../src/api/control/feed.ts'
import { createHistory } from '../../../../src/observe/history.ts'
import type { LinesListener } from '../../../../src/ports/lines.ts'
import { controlApp } from '../../../rig/control-app.ts'

const at = { monoMs: 1, wallMs: Date.UTC(2030, 0, 2) }

t.test('what has happened is told, of all or of what is named', async (t) => {
  const history = createHistory({ later: setImmediate, report: () => t.fail() })
  const { app } = controlApp({ history })
  const change = { type: 'departure', process: 'web', at } as const
  history.change({ ...change, instance: 'web.1' })
  history.change({ ...change, process: 'job', instance: 'job.1' })
  history.change({ type: 'internalError', message: 'oh', at })
  const idsOf = async (url: string) =>
    (await app.inject(url)).json().map(({ id }: { id: number }) => id)
  t.same(await idsOf('/v1/events'), [1, 2, 3])
  t.same(await idsOf('/v1/events?after=1'), [2, 3])
  t.same(await idsOf('/v1/events?name=job'), [2])
  const [first] = (await app.inject('/v1/events')).json()
  t.match(first, { at: '2030-01-02T00:00:00.000Z', instance: 'web.1', type: 'departure' })
})

t.test('the last lines are told, of each stream as many as are asked for', async (t) => {
  const words = { stdout: 'one\ntwo\n', stderr: 'gr\xc3\xbc\xc3\x9fe\n' }
  const lines = { lastWords: () => words, follow: () => () => {} }
  const { app } = controlApp({ lines })
  const textsOf = async (url: string) =>
    (await app.inject(url)).payload
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  t.same(await textsOf('/v1/logs?name=job'), [
    { instance: 'job.1', stream: 'stderr', text: 'grüße' },
    { instance: 'job.1', stream: 'stdout', text: 'one' },
    { instance: 'job.1', stream: 'stdout', text: 'two' },
  ])
  t.equal((await textsOf('/v1/logs?tail=1')).length, 6)
  t.same(await textsOf('/v1/logs?tail=0'), [])
})

t.test('lines to come follow, and nobody listens when the client has gone', async (t) => {
  const listeners = new Set<LinesListener>()
  const lines = {
    lastWords: () => ({ stdout: 'old\n', stderr: '' }),
    follow: (listener: LinesListener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
  const { app } = controlApp({ lines })
  const abort = new AbortController()
  const answer = await app.inject({
    url: '/v1/logs?name=job&follow=true',
    payloadAsStream: true,
    signal: abort.signal,
  })
  const stream = answer.stream()
  const [first] = await once(stream, 'data')
  t.match(`${first}`, /"text":"old"/)
  for (const listener of listeners) {
    listener('web.1', 'stdout', Buffer.from('other\n'))
    listener('job.1', 'stderr', Buffer.from('new\n'))
  }
  const [second] = await once(stream, 'data')
  t.equal(`${second}`, '{"instance":"job.1","stream":"stderr","text":"new"}\n')
  abort.abort()
  await once(stream, 'close').catch(() => {})
  t.equal(listeners.size, 0)
})

t.test('a client that is too slow loses lines, and is told how many', async (t) => {
  const feed = new Feed((count) => `lost ${count}\n`)
  const line = `${'x'.repeat(9999)}\n`
  let taken = 0
  while (taken < 100 && feed.offer(line)) taken += 1
  t.ok(taken > 10 && taken < 40, `${taken}`)
  for (let more = 0; more < 4; more++) feed.offer(line)
  feed.finish()
  let text = ''
  for await (const part of feed) text += part
  t.equal(text.length, taken * line.length + 'lost 5\n'.length)
  t.match(text, /lost 5\n$/)
})

t.test('a process is told with what it is', async (t) => {
  const { app } = controlApp()
  t.match((await app.inject('/v1/processes/web')).json(), {
    ...{ name: 'web', replicas: 2, command: ['/bin/true'], stopSignal: 'SIGTERM' },
    ...{ terminationGracePeriodSeconds: 10, neededBy: [], instances: [{}, {}] },
  })
  t.equal((await app.inject('/v1/processes/web.2')).json().instances.length, 1)
  t.equal((await app.inject('/v1/processes/*')).statusCode, 404)
  t.equal((await app.inject('/v1/processes/nope')).statusCode, 404)
})

t.test('all is scaled that is named, or nothing', async (t) => {
  const { app, posted } = controlApp()
  for (const [replicas, status] of [
    [{ web: 3, nope: 1 }, 404],
    [{ web: 3, 'web.1': 1 }, 404],
    [{ web: 3, job: 100_000 }, 400],
    [{ web: -1 }, 400],
    [{}, 400],
    [{ web: 3, job: 0 }, 200],
  ] as const) {
    const request = { method: 'POST', url: '/v1/processes/scale', body: { replicas } } as const
    t.equal((await app.inject(request)).statusCode, status, JSON.stringify(replicas))
  }
  const by = 'uid 0, pid 9'
  t.same(posted, [
    { type: 'scale', process: 'web', replicas: 3, by },
    { type: 'scale', process: 'job', replicas: 0, by },
  ])
})
