// The instances of a server are replaced again and again while wrk asks it as fast as it can.
import { spawn, spawnSync } from 'node:child_process'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { portOf } from '../rig/clients.ts'
import { control } from '../rig/control.ts'
import { alone, unless } from '../rig/ringmaster.ts'
import { configuration, type TestConfig } from '../rig/supervise.ts'

const rollouts = 10

/**
 * It ends as servers should: what was asked is answered, and with its last answer each connection is closed. The close of node:http
 * ends idle connections at once, on which a request may be on its way.
 */
const server = `
const { Server } = require('node:net')
let isEnding = false
const server = require('node:http').createServer((request, response) => {
  if (isEnding) response.setHeader('connection', 'close')
  response.end('hello')
})
server.listen({ fd: 3 }, () => console.log(process.env.WORD))
process.on('SIGTERM', () => {
  isEnding = true
  Server.prototype.close.call(server)
})
`

const skip = unless(spawnSync('wrk', ['--version']).error === undefined, 'needs wrk')

t.test(`${rollouts} rolling restarts fail no request`, { skip }, async (t) => {
  const { ask, endLoad } = await begin(t)
  for (let count = 0; count < rollouts; count++) {
    const before = new Set(pidsOf(ask('status', 'web', '-o', 'json').stdout))
    t.match(ask('rollout', 'restart', 'web'), { code: 0 })
    t.match(ask('rollout', 'status', 'web'), { code: 0 })
    const after = pidsOf(ask('status', 'web', '-o', 'json').stdout)
    t.equal(after.length, 4)
    t.notOk(after.some((pid) => before.has(pid)))
  }
  await endLoad()
})

t.test('a configuration that never gets ready fails no request', { skip }, async (t) => {
  const { ask, socket, endLoad } = await begin(t)
  const before = pidsOf(ask('status', 'web', '-o', 'json').stdout)
  const worse = configuration(t, { ...config('still busy'), control: { socket } })
  t.match(ask('apply', '--wait', worse), { code: 1, stderr: /rollout of web has failed/ })
  t.match(ask('rollout', 'status', 'web'), { code: 1, stdout: /returned/ })
  t.same(pidsOf(ask('status', 'web', '-o', 'json').stdout), before)
  await endLoad()
})

/** A server of four instances under full load. `endLoad` holds that no request has failed by then. */
async function begin(t: Test) {
  const { ringmaster, ...controlled } = await control(t, alone, config('at your service'))
  const port = await portOf(ringmaster, 'web')
  t.match(controlled.ask('wait', 'web', '--for', 'ready', '--timeout', '15'), { code: 0 })
  const wrk = spawn('wrk', ['-t1', '-c32', '-d600s', `http://127.0.0.1:${port}/`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => wrk.kill('SIGKILL'))
  const report = text(wrk.stdout)
  return {
    ...controlled,
    async endLoad() {
      wrk.kill('SIGINT')
      const told = await report
      t.match(told, /\d{4,} requests in/)
      t.notMatch(told, /Socket errors|Non-2xx/)
    },
  }
}

/** Each is ready when it has said the word that is waited for. */
function config(word: string): TestConfig {
  return {
    sockets: { web: { host: '127.0.0.1', port: 0 } },
    processes: {
      web: {
        command: [process.execPath, '-e', server.replaceAll('$', '$$$$')],
        ...{ env: { WORD: word }, sockets: ['web'], replicas: 4 },
        readinessProbe: { logLine: 'at your service' },
        ...{ progressDeadlineSeconds: 4, securityContext: { runAsUser: process.getuid?.() ?? 0 } },
      },
    },
  }
}

function pidsOf(status: string): readonly number[] {
  const [web] = JSON.parse(status) as { instances: { pid: number }[] }[]
  return web?.instances.map(({ pid }) => pid) ?? []
}
