import t from 'tap'
import { parseConfig } from '../../../src/config/load.ts'
import { describeAddress } from '../../../src/plan/sockets.ts'
import { toInstances } from '../../../src/plan/to-instance.ts'
import { toPlan } from '../../../src/plan/to-plan.ts'

const planOf = async (text: string) =>
  toPlan(await parseConfig(text, '/etc/f.yaml', { env: {} }), { isKubernetes: false, envFile: {} })

t.test('sockets have defaults', async (t) => {
  const { sockets } = await planOf(`
sockets:
  web: {port: 80}
  both: {host: "::", port: 0, backlog: 1, reusePort: true}
  api: {path: api.sock}
  own: {path: /run/own, owner: "app:www-data", mode: 600, backlog: 2}
  numbered: {path: /run/numbered, owner: 33}
processes: {p: {command: a}}`)
  const tcp = { kind: 'tcp', host: '0.0.0.0', backlog: 511, reusesPort: false }
  const unix = { kind: 'unix', mode: 0o660, user: null, group: null, backlog: 511 }
  t.same(sockets, [
    { ...tcp, name: 'web', port: 80 },
    { ...tcp, name: 'both', host: '::', port: 0, backlog: 1, reusesPort: true },
    { ...unix, name: 'api', path: '/etc/api.sock' },
    {
      ...unix,
      name: 'own',
      path: '/run/own',
      mode: 0o600,
      user: 'app',
      group: 'www-data',
      backlog: 2,
    },
    { ...unix, name: 'numbered', path: '/run/numbered', user: 33 },
  ])
  t.same(sockets.map(describeAddress), [
    ...['0.0.0.0:80', '[::]:0', '/etc/api.sock', '/run/own', '/run/numbered'],
  ])
})

t.test('an instance knows its sockets by the numbers of their descriptors', async (t) => {
  const plan = await planOf(`
sockets: {a: {port: 1}, b: {port: 2}}
processes:
  p: {command: [x, "\${socket.b}"], args: ["fd://\${socket.a}"], env: {NGINX: "\${socket.b};"}, sockets: [b, a]}
  q: {command: x}`)
  const [p, q] = plan.processes.flatMap(toInstances)
  t.match(p, { sockets: ['b', 'a'], command: ['x', '3', 'fd://4'], env: { NGINX: '3;' } })
  t.same(q?.sockets, [])
})
