import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { allPids, commandOf } from '../rig/proc.ts'
import { ways } from '../rig/ringmaster.ts'
import { folder, script, supervise } from '../rig/supervise.ts'

const loop = 'while :; do sleep 0.01; done'
const talks = script(`trap "echo got TERM; exit 0" TERM; echo up; ${loop}`)
const shell = (text: string) => ({ exec: { command: ['sh', '-c', text.replaceAll('$', '$$$$')] } })

for (const { way, start, skip } of ways) {
  t.test(
    `${way}: postStart comes before ready and preStop before the stop signal, as the process would do them`,
    { skip },
    async (t) => {
      const paths: string[] = []
      const server = createServer(({ url = '' }, response) => {
        paths.push(url)
        response.writeHead(500).end()
      })
      t.teardown(() => server.close())
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as AddressInfo
      const test = 'test "$(pwd) $MINE $RINGMASTER_PROCESS" = "/tmp of web.1 web"'
      const ringmaster = await supervise(t, start, {
        logs: { level: 'debug' },
        processes: {
          web: {
            ...talks,
            workingDir: '/tmp',
            env: { MINE: 'of ${instance.name}' },
            lifecycle: {
              postStart: shell(`${test} && sleep 0.1`),
              preStop: { httpGet: { port, path: '/${instance.name}' } },
            },
          },
        },
      })
      await ringmaster.line(/"msg":"web\.1 postStart is done"/)
      await ringmaster.line(/"msg":"web\.1 runs as/)
      await ringmaster.line(/^web\.1 \| up$/)
      ringmaster.signal('SIGTERM')
      await ringmaster.line(/^web\.1 \| got TERM$/)
      t.same(paths, ['/web.1'])
      const { stderr, code } = await ringmaster.end()
      t.match(stderr, /"msg":"web\.1 preStop failed: HTTP 500"/)
      t.equal(code, 0)
    },
  )

  t.test(`${way}: a postStart that fails restarts until the limit`, { skip }, async (t) => {
    const ringmaster = await supervise(t, start, {
      processes: {
        web: {
          ...talks,
          restartLimit: { count: 1 },
          lifecycle: { postStart: shell('echo no cache; exit 4') },
        },
      },
    })
    const { input } = await ringmaster.line(/"msg":"web\.1 postStart failed: exit code 4"/)
    t.match(JSON.parse(input), { output: 'no cache\n' })
    for (let count = 0; count < 2; count++) {
      await ringmaster.line(/"msg":"web\.1 is stopped: postStart: exit code 4"/)
    }
    const { stderr, code } = await ringmaster.end()
    t.equal(code, 69)
    t.match(stderr, /web\.1 failed: startup-failed/)
  })

  t.test(
    `${way}: a preStop that hangs is killed with all that it started, and the stop signal comes before SIGKILL`,
    { skip },
    async (t) => {
      const mark = `${5000 + (process.pid % 1000)}${way.length}`
      const ringmaster = await supervise(t, start, {
        processes: {
          web: {
            ...script(`trap "echo got TERM" TERM; echo up; ${loop}`),
            terminationGracePeriodSeconds: 2,
            lifecycle: { preStop: shell(`sleep ${mark} & sleep ${mark} & wait`) },
          },
        },
      })
      await ringmaster.line(/^web\.1 \| up$/)
      ringmaster.signal('SIGTERM')
      await ringmaster.until(() => sleeping(mark) === 2)
      await ringmaster.line(/"msg":"web\.1 preStop failed: not done in time"/)
      await ringmaster.line(/^web\.1 \| got TERM$/)
      const { stderr, code } = await ringmaster.end()
      t.equal(code, 0)
      t.match(stderr, /"cause":"grace-exceeded"/)
      t.equal(sleeping(mark), 0)
    },
  )

  t.test(
    `${way}: the end of the run ends its preStop, and so does a second INT`,
    { skip },
    async (t) => {
      const mark = `${7000 + (process.pid % 1000)}${way.length}`
      const lifecycle = { preStop: shell(`sleep ${mark} & wait`) }
      const fields = { terminationGracePeriodSeconds: 600, lifecycle }
      const shutdown = { terminationGracePeriodSeconds: 1000 }
      const ringmaster = await supervise(t, start, {
        shutdown,
        processes: { web: script(`echo up; ${loop}`, fields) },
      })
      await ringmaster.line(/^web\.1 \| up$/)
      ringmaster.signal('SIGINT')
      await ringmaster.until(() => sleeping(mark) === 1)
      ringmaster.signal('SIGINT')
      const { code } = await ringmaster.end()
      t.equal(code, 0)
      t.equal(sleeping(mark), 0)

      const other = await supervise(t, start, {
        shutdown,
        processes: {
          web: script(`echo $$ > pid; trap "exit 0" USR1; echo up; ${loop}`, {
            terminationGracePeriodSeconds: 600,
            workingDir: folder(t),
            lifecycle: { preStop: shell(`kill -USR1 "$(cat pid)"; exec sleep ${mark}`) },
          }),
        },
      })
      await other.line(/^web\.1 \| up$/)
      other.signal('SIGTERM')
      t.match(await other.end(), { code: 0 })
      t.equal(sleeping(mark), 0)
    },
  )
}

/** How many processes sleep for this long. */
function sleeping(seconds: string): number {
  return allPids().filter((pid) => commandOf(pid) === `sleep\0${seconds}\0`).length
}
