import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { installWhole, installWith } from '../rig/installation.ts'
import { alone } from '../rig/ringmaster.ts'
import { endpoint, script, supervise } from '../rig/supervise.ts'

for (const [rule, file, spoil] of [
  ['an addon that is missing', 'ringmaster.node', (path: string) => rmSync(path)],
  ['an addon for another machine', 'ringmaster.node', (path: string) => writeFileSync(path, '?')],
  ['an exec helper that is missing', 'ringmaster-exec', (path: string) => rmSync(path)],
] as const) {
  t.test(`${rule} is one line with code 70`, async (t) => {
    const program = installWith(t, '')
    spoil(join(program, '../../build', file))
    for (const ringmaster of [
      await alone(t, ['exec', '--', 'true'], { program }),
      await supervise(t, alone, { processes: { web: script('echo never') } }, { program }),
    ]) {
      const { code, stdout, stderr } = await ringmaster.end()
      t.same({ code, stdout }, { code: 70, stdout: '' })
      t.match(stderr, /^ringmaster: cannot (load|execute) .*"npm run build".*\n$/)
    }
  })
}

t.test('what is loaded after the start and cannot be, is tried again', async (t) => {
  const build = dirname(installWhole(t))
  const [program, bundle] = [join(build, '../bin/ringmaster'), join(build, 'late.cjs')]
  renameSync(bundle, `${bundle}.away`)
  const ready = { exec: { command: ['true'] }, periodSeconds: 0.1 }
  const start = () =>
    supervise(
      t,
      alone,
      {
        http: { host: '127.0.0.1', port: 0 },
        processes: { web: script('echo up; exec sleep 1000', { readinessProbe: ready }) },
      },
      { program },
    )
  const ringmaster = await start()
  await ringmaster.line(/^web\.1 \| up$/)
  await ringmaster.line(/^ringmaster: cannot load log, .*ENOENT.*; this is tried again$/)
  const other = await start()
  await other.line(/^ringmaster: cannot load log/)
  other.signal('SIGTERM')
  t.match(await other.end(), { code: 0 })
  renameSync(`${bundle}.away`, bundle)
  const url = await endpoint(ringmaster)
  await ringmaster.line(/"msg":"web\.1 is ready/)
  t.ok((await fetch(`${url}/readyz`)).ok)
  t.equal(ringmaster.stderr.split('cannot load').length, 2, 'it is said once')
  ringmaster.signal('SIGTERM')
  t.match(await ringmaster.end(), { code: 0 })
})
