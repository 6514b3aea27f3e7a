// The image in containers that may do little, as clusters run them.
import t from 'tap'
import { configured, runContainer } from '../rig/containers.ts'
import { needsContainers, projectImage } from '../rig/images.ts'
import { descendants, pidInside, statusOf } from '../rig/proc.ts'

t.setTimeout(900_000)
t.jobs = 1
const skip = needsContainers
const image = skip ? '' : projectImage()

const readOnly = ['--read-only', '--read-only-tmpfs=false']
const without = ['--cap-drop=ALL', '--security-opt=no-new-privileges']

for (const { where, options, user } of [
  { where: 'with the defaults of the image', options: [], user: 65534 },
  { where: 'with a read-only root file system', options: readOnly, user: 65534 },
  { where: 'as a user without a passwd entry', options: ['--user=12345'], user: 12345 },
  { where: 'as root without capabilities', options: ['--user=0', ...without], user: 0 },
  {
    where: 'with nothing of all that',
    options: ['--user=12345:12345', ...readOnly, ...without],
    user: 12345,
  },
]) {
  t.test(`${where} a process runs, is ready, and stops in order`, { skip }, async (t) => {
    const script =
      'trap "echo bye; exit 0" TERM; echo "uid $(id -u)" >/dev/stdout; while :; do sleep 0.1; done'
    // Root has to be written; who is not root is what it is.
    const rights = user === 0 ? { securityContext: { runAsUser: 0 } } : {}
    const web = { command: ['sh', '-c', script.replaceAll('$', '$$$$')], ...rights }
    const mounted = configured(t, { processes: { web } })
    const container = runContainer(t, image, [], [...options, ...mounted])
    await container.match(new RegExp(`^web\\.1 \\| uid ${user}$`, 'm'))
    t.equal(await container.exec('node', '-e', ask), '200 ok')
    t.notMatch(container.output(), '"level":"warn"')
    await container.stop()
    t.equal(await container.ended(), 0)
    t.match(container.output(), /^web\.1 \| bye$/m)
  })
}

t.test(
  'root gives each process its own user, who can write to /dev/stdout and /dev/stderr',
  { skip },
  async (t) => {
    const process = (user: number) => ({
      command: ['sh', '-c', 'echo out >/dev/stdout; echo err >/dev/stderr; exec sleep 1000'],
      securityContext: { runAsUser: user },
    })
    const processes = { web: process(1000), worker: process(1001) }
    const container = runContainer(t, image, [], ['--user=0', ...configured(t, { processes })])
    const pid = await container.pid()
    for (const [name, user] of [
      ['web', 1000],
      ['worker', 1001],
    ] as const) {
      await container.match(new RegExp(`^${name}\\.1 +\\| out$`, 'm'))
      await container.match(new RegExp(`^${name}\\.1 +\\| err$`, 'm'))
      const [, inside] = await container.match(new RegExp(`${name}\\.1 runs as process (\\d+)`))
      const child = descendants(pid).find((process) => pidInside(process.pid) === Number(inside))
      const ids = ['Uid', 'Gid', 'Groups'].map((key) => statusOf(child?.pid ?? 0, key))
      const four = `${user}\t${user}\t${user}\t${user}`
      t.strictSame(ids, [four, four, ''])
    }
    t.match(statusOf(pid, 'Uid'), /^0\t/, 'two users: Ringmaster stays root')
    await container.stop()
    t.equal(await container.ended(), 0)
  },
)

t.test(
  'a configuration that asks for another user than the container has ends it with 78',
  { skip },
  async (t) => {
    const web = { command: ['sleep', '1'], securityContext: { runAsUser: 1000 } }
    const container = runContainer(t, image, [], configured(t, { processes: { web } }))
    t.equal(await container.ended(), 78)
    t.match(container.output(), 'web')
  },
)

const ask = `fetch('http://localhost:9099/readyz').then(async (answer) => console.log(answer.status, await answer.text()))`
