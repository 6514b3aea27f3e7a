// Processes that are started by a connection.
import t from 'tap'
import { ask, portOf } from '../rig/clients.ts'
import { fixture } from '../rig/fixtures.ts'
import { alone, ways } from '../rig/ringmaster.ts'
import { endpoint, supervise } from '../rig/supervise.ts'

const web = (count: number, fields: object = {}) => ({
  command: [fixture('accept'), `${count}`],
  ...{ sockets: ['web'], onDemand: true },
  ...fields,
})

for (const { way, start, skip } of ways) {
  t.test(`a process comes with a connection, and goes, ${way}`, { skip }, async (t) => {
    const ringmaster = await supervise(t, start, {
      ...{ sockets: { web: { port: 0 } }, http: { host: '127.0.0.1', port: 0 } },
      processes: { web: web(2) },
    })
    const port = await portOf(ringmaster, 'web')
    const url = await endpoint(ringmaster)
    t.match(await (await fetch(`${url}/readyz?verbose`)).text(), /^\[\+\]web ready$/m)
    t.same(ringmaster.children(), [])
    const first = await ask(port)
    t.match(first, /^\d+\n$/)
    t.equal(await ask(port), first, 'the same run')
    await ringmaster.line(/web\.1 .*waiting for a connection to web/)
    t.not(await ask(port), first, 'the next one')
    ringmaster.signal('SIGTERM')
    t.match(await ringmaster.exit(), { code: 0 })
  })
}

t.test('who connects while it fails waits for a run that does not', async (t) => {
  const script = `case $RINGMASTER_RUN in [12]-*) exit 1; esac; exec ${fixture('accept')} 1`
  const ringmaster = await supervise(t, alone, {
    sockets: { web: { port: 0 } },
    processes: { web: web(1, { command: ['sh', '-c', script] }) },
  })
  t.match(await ask(await portOf(ringmaster, 'web')), /^\d+\n$/)
  await ringmaster.line(/web\.1 restarts in/)
})
