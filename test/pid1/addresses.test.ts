import { closeSync, existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { RingmasterClient } from '../../src/client/client.ts'
import { needsRoot } from '../rig/exec-helper.ts'
import { askOnce, knock } from '../rig/knocking.ts'
import { alone } from '../rig/ringmaster.ts'
import { freePort, listenHere } from '../rig/servers.ts'
import { configuration, folder, script, supervise } from '../rig/supervise.ts'

t.setTimeout(120_000)

const changes = 50
const web = script('exec sleep 1000')
const tokens = ['one', 'two'].map((name) => `${name}-`.repeat(10))

/** Starts Ringmaster with `config`, and has others applied. */
async function start(t: Test, config: object, fields: object = {}) {
  const write = (given: object) =>
    configuration(t, { processes: { web: { ...web, ...fields } }, ...given })
  const ringmaster = await supervise(t, alone, {
    processes: { web: { ...web, ...fields } },
    ...config,
  })
  // What is applied is read in the environment of its start.
  const apply = (socket: string, given: object, dryRun = false) =>
    new RingmasterClient({ socket }).apply({ files: [write(given)], dryRun })
  return { ringmaster, apply }
}

t.test('the endpoint moves under load, and nobody is refused who may come', async (t) => {
  const [port, other] = [await freePort(), await freePort()]
  const control = { socket: join(folder(t), 'socket') }
  const at = (host: string, port: number) => ({ http: { host, port }, control })
  const { ringmaster, apply } = await start(t, at('::', port))
  await ringmaster.line(/endpoints:/)
  const probes = knock({ host: '127.0.0.1', port, path: '/livez' })
  // Each of them has 127.0.0.1 in it.
  const hosts = ['127.0.0.1', '::', '0.0.0.0', '::', '127.0.0.1', '0.0.0.0']
  for (let count = 0; count < changes; count++) {
    const before = probes.answers
    const host = hosts[count % hosts.length] ?? ''
    t.match(await apply(control.socket, at(host, port)), { settings: ['http'], fixed: [] })
    await ringmaster.until(() => probes.answers > before + 5)
  }
  t.same(await probes.end(), [])
  t.comment(`${probes.answers} answers`)

  await apply(control.socket, at('127.0.0.1', other))
  t.equal(await askOnce({ host: '127.0.0.1', port: other, path: '/livez' }), '200')
  await closed(port)
  await apply(control.socket, { control })
  await closed(other)
  await apply(control.socket, at('127.0.0.1', port))
  t.equal(await askOnce({ host: '127.0.0.1', port, path: '/livez' }), '200')
})

t.test('the control socket changes by way of itself, and answers all the time', async (t) => {
  const place = folder(t)
  const socket = join(place, 'socket')
  const with_ = (mode: string, more = {}) => ({ control: { socket, mode, ...more } })
  const { ringmaster, apply } = await start(t, with_('0600'))
  await ringmaster.until(() => existsSync(socket))
  const clients = knock({ socketPath: socket, path: '/v1/supervisor' })
  for (let count = 0; count < changes; count++) {
    const before = clients.answers
    const mode = count % 2 === 0 ? '0660' : '0600'
    t.match(await apply(socket, with_(mode)), { settings: ['control'] })
    t.equal((statSync(socket).mode & 0o777).toString(8), mode.slice(1))
    await ringmaster.until(() => clients.answers > before + 5)
  }
  t.same(await clients.end(), [])
  t.comment(`${clients.answers} answers`)
  t.same(readdirSync(place), ['socket'])

  const moved = join(place, 'moved')
  t.match(await apply(socket, { control: { socket: moved } }), { settings: ['control'] })
  t.same(readdirSync(place), ['moved'])
  t.match(await apply(moved, with_('0600')), { settings: ['control'] })
  t.match(await apply(socket, { control: false }), { settings: ['control'] })
  t.same(readdirSync(place), [])
})

t.test('over TCP another token and another address are asked for at once', async (t) => {
  const place = folder(t)
  const [one, two] = tokens.map((token) => {
    const path = join(place, token)
    writeFileSync(path, token, { mode: 0o600 })
    return path
  })
  const socket = join(place, 'socket')
  const port = await freePort()
  const with_ = (tokenFile: string | undefined, host = '127.0.0.1') => ({
    control: { socket, http: { host, port, tokenFile } },
  })
  const ask = (token: string | undefined) =>
    askOnce({
      ...{ host: '127.0.0.1', port, path: '/v1/supervisor' },
      headers: { authorization: `Bearer ${token}` },
    })
  const { ringmaster, apply } = await start(t, with_(one))
  await ringmaster.line(/control: http:/)
  // Nobody is refused who comes before the token is looked at.
  const strangers = knock({ host: '127.0.0.1', port, path: '/v1/openapi.json', headers: {} })
  for (let count = 0; count < changes; count++) {
    const [file, right, wrong] = count % 2 === 0 ? [two, 1, 0] : [one, 0, 1]
    t.match(await apply(socket, with_(file)), { settings: ['control'] })
    t.equal(await ask(tokens[right]), '200')
    if (count < 2) t.equal(await ask(tokens[wrong]), '401')
  }
  t.same(await strangers.end(), ['401'])
  // The same file may have another token in it.
  writeFileSync(one ?? '', 'three-'.repeat(10))
  t.match(await apply(socket, with_(one)), { settings: [], fixed: [] })
  t.equal(await ask('three-'.repeat(10)), '200')
  t.equal(await ask(tokens[0]), '401')
})

t.test('what cannot be had changes nothing, and a dry run does not either', async (t) => {
  const place = folder(t)
  const [socket, tokenFile] = [join(place, 'socket'), join(place, 'token')]
  writeFileSync(tokenFile, tokens[0] ?? '', { mode: 0o600 })
  const [port, free] = [await freePort(), await freePort()]
  const http = { host: '127.0.0.1', port }
  const { ringmaster, apply } = await start(t, { http, control: { socket } })
  await ringmaster.until(() => existsSync(socket))
  await ringmaster.line(/endpoints:/)
  const { fd, port: inUse } = await listenHere()
  t.teardown(() => closeSync(fd))
  const tls = { certFile: tokenFile, keyFile: tokenFile }
  const descriptors = () => readdirSync(`/proc/${ringmaster.pid}/fd`).length
  const before = descriptors()
  const probes = knock({ ...http, path: '/livez' })
  const moved = { http: { host: '127.0.0.1', port: free }, control: { socket } }
  for (const [given, reason] of [
    [{ http: { ...http, port: inUse }, control: { socket } }, /in use. Choose another "http.port"/],
    [
      { ...moved, control: { socket: join(place, 'none', 'socket') } },
      /none.socket: there is no such folder/,
    ],
    [{ ...moved, control: { socket: tokenFile } }, /a file that is no socket/],
    [{ ...moved, control: { socket, http: { port: 0, tokenFile: '/none' } } }, /no such file/],
    [{ ...moved, control: { socket, http: { port: 0, tokenFile, tls } } }, /certFile/],
    [{ ...moved, control: { socket, http: { port: inUse, tokenFile } } }, /"control.http.port"/],
  ] as const) {
    await t.rejects(apply(socket, given), { code: 'REQUEST_FAILED', message: reason })
  }
  for (const given of [moved, { http: { host: '::', port }, control: { socket, mode: '0660' } }]) {
    t.match(await apply(socket, given, true), { settings: ['http'] })
  }
  t.ok(await refuses(free))
  t.same(readdirSync(place).sort(), ['socket', 'token'])
  t.same(await probes.end(), [])
  t.match(await apply(socket, { http, control: { socket } }), { settings: [], fixed: [] })
  await ringmaster.until(() => descriptors() <= before, 'what was taken is given back')
})

t.test('HUP moves it, too', async (t) => {
  const [port, other] = [await freePort(), await freePort()]
  const path = configuration(t, { http: { host: '127.0.0.1', port }, processes: { web } })
  const ringmaster = await alone(t, ['run', path], { env: { TEST_USER: `${process.getuid?.()}` } })
  await ringmaster.line(/endpoints:/)
  const user = { securityContext: { runAsUser: process.getuid?.() } }
  const http = { host: '127.0.0.1', port: other }
  const text = { http, control: false, processes: { web: { ...web, ...user } } }
  writeFileSync(path, JSON.stringify(text))
  ringmaster.signal('SIGHUP')
  await ringmaster.line(new RegExp(`endpoints: http://127.0.0.1:${other}`))
  t.equal(await askOnce({ ...http, path: '/livez' }), '200')
})

t.test(
  'without root, what takes root is refused, and the rest goes on',
  { skip: needsRoot },
  async (t) => {
    const place = folder(t)
    const [socket, tokenFile] = [join(place, 'socket'), join(place, 'token')]
    writeFileSync(tokenFile, tokens[0] ?? '', { mode: 0o600 })
    const [port, remotePort] = [await freePort(), await freePort()]
    const control = { socket, http: { port: remotePort, tokenFile } }
    const at = (host: string, port: number) => ({ http: { host, port }, control })
    const { ringmaster, apply } = await start(t, at('::', port), {
      securityContext: { runAsUser: 65534 },
    })
    await ringmaster.line(/control: http:/)
    const probes = knock({ host: '127.0.0.1', port, path: '/livez' })
    for (const [given, reason] of [
      [at('::', 81), /:81: ports below 1024 need root .*\nroot was given up/s],
      [
        { control: { ...control, mode: '0660' } },
        /socket: Ringmaster may not write there.*\nroot was given up/s,
      ],
      [
        { control: { ...control, http: { port: port + 1, tokenFile } } },
        /tokenFile .*: Ringmaster may not read it\nroot was given up/s,
      ],
    ] as const) {
      await t.rejects(apply(socket, given), { message: reason })
    }
    // The token, which nobody can read any more, is as it was.
    t.match(await apply(socket, at('127.0.0.1', port)), { settings: ['http'] })
    await ringmaster.line(/tokenFile .*: Ringmaster may not read it: .* goes on with what was read/)
    t.match(await apply(socket, at('::', port)), { settings: ['http'] })
    t.same(await probes.end(), [])
    const headers = { authorization: `Bearer ${tokens[0]}` }
    const asked = { host: '127.0.0.1', port: remotePort, path: '/v1/supervisor', headers }
    t.equal(await askOnce(asked), '200')
  },
)

/** Until nobody listens there any more. */
async function closed(port: number): Promise<void> {
  for (let tries = 0; tries < 5000 && !(await refuses(port)); tries++) await sleep(1)
  if (!(await refuses(port))) throw new Error(`${port} is still open`)
}

/** Whether nobody listens there any more. */
async function refuses(port: number): Promise<boolean> {
  const outcome = await askOnce({ host: '127.0.0.1', port, path: '/' }).catch(({ code }) => code)
  return outcome === 'ECONNREFUSED'
}
