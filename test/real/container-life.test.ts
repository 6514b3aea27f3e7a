// The image of the project's Dockerfile in real containers: as PID 1, and behind an init.
import { dirname } from 'node:path'
import t from 'tap'
import { type Container, configured, runContainer } from '../rig/containers.ts'
import { fixture } from '../rig/fixtures.ts'
import { needsContainers, projectImage } from '../rig/images.ts'
import { until } from '../rig/launched.ts'
import { descendants, isGuard, pidInside, programOf } from '../rig/proc.ts'

t.setTimeout(900_000)
t.jobs = 1
const skip = needsContainers
const image = skip ? '' : projectImage()

const fixtures = (name: string) => `--volume=${dirname(fixture(name))}:/fixtures:ro`

t.test(
  'a container without a configuration says where it looked, and ends with 78',
  { skip },
  async (t) => {
    const container = runContainer(t, image, [])
    t.equal(await container.ended(), 78)
    t.match(container.output(), '/etc/ringmaster/ringmaster.yaml')
  },
)

for (const { way, options, isFirst } of [
  { way: 'as PID 1', options: [], isFirst: true },
  { way: 'behind an init', options: ['--init', '--init-path=/usr/bin/tini'], isFirst: false },
]) {
  t.test(`${way} Ringmaster leaves no zombie of 50 daemons`, { skip }, async (t) => {
    const script = '/fixtures/orphans 50 && echo all left && exec sleep 1000'
    const command = ['--', 'sh', '-c', script]
    const container = runContainer(t, image, command, [...options, fixtures('orphans')])
    await container.match(/^all left$/m)
    const pid = await ringmaster(container)
    t.equal(pidInside(pid) === 1, isFirst)
    const programs = () =>
      descendants(pid).flatMap(({ pid }) => (isGuard(pid) ? [] : (programOf(pid) ?? 'zombie')))
    await until(() => `${programs()}` === '/usr/bin/sleep' || undefined, {
      tell: () => `: ${programs()}`,
    })
    await container.stop()
    t.equal(await container.ended(), 0)
  })
}

t.test(
  'podman stop lets each process say goodbye before what it depends on, and ends with 0',
  { skip },
  async (t) => {
    const script = 'trap "sleep 0.3; echo bye; exit 0" TERM; echo up; while :; do sleep 0.1; done'
    const command = ['sh', '-c', script]
    const processes = { web: { command, replicas: 2, dependsOn: ['db'] }, db: { command } }
    const container = runContainer(t, image, [], configured(t, { processes }))
    const names = ['db.1', 'web.1', 'web.2']
    for (const name of names) await container.match(line(name, 'up'))
    await container.stop()
    t.equal(await container.ended(), 0)
    t.equal(await container.inspect('.State.ExitCode'), '0')
    const goodbyes = names.map((name) => container.output().search(line(name, 'bye')))
    t.ok(
      goodbyes.every((at) => at > 0),
      `${goodbyes}`,
    )
    t.equal(Math.max(...goodbyes), goodbyes[0], 'the database ends last')
  },
)

for (const { death, script, code } of [
  { death: 'a failure', script: 'exit 3', code: 3 },
  { death: 'a signal', script: 'kill -USR2 $$$$', code: 140 },
]) {
  t.test(
    `the container has the exit code of an essential process that ends by ${death}`,
    { skip },
    async (t) => {
      const processes = {
        main: { command: ['sh', '-c', script], restartPolicy: 'Never' },
        other: { command: ['sleep', '1000'] },
      }
      const container = runContainer(t, image, [], configured(t, { processes }))
      t.equal(await container.ended(), code)
      t.equal(await container.inspect('.State.ExitCode'), `${code}`)
    },
  )
}

/** The pid of Ringmaster as seen from here, also behind an init. */
async function ringmaster(container: Container): Promise<number> {
  const first = await container.pid()
  const isNode = (pid: number) => programOf(pid)?.endsWith('/bin/node') === true
  return until(() => [first, ...descendants(first).map(({ pid }) => pid)].find(isNode))
}

function line(instance: string, text: string): RegExp {
  return new RegExp(`^${instance.replace('.', '\\.')} +\\| ${text}$`, 'm')
}
