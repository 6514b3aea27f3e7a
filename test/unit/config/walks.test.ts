// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import t from 'tap'
import { parseConfig } from '../../../src/config/load.ts'
import { renderConfig } from '../../../src/config/render.ts'
import { SupervisorError } from '../../../src/lib/errors.ts'
import { toInstances } from '../../../src/plan/to-instance.ts'
import { toPlan } from '../../../src/plan/to-plan.ts'
import { chooseSeed, createRandom } from '../../rig/random.ts'

/** RINGMASTER_SEED=N and RINGMASTER_WALKS=1 show a failure again. */
const seed = chooseSeed()
const walks = Number(process.env['RINGMASTER_WALKS'] ?? 1000)

const variables = { env: { A: '$$ ${A} $(A)' } }
const situation = { isKubernetes: false, envFile: {} }

/** What people write in the wrong place. */
const odd: readonly unknown[] = [
  ...[null, true, -1, 0, 1.5, 4e9, 1e300, '', 'a', '1s', '$', '${A}', '${', '${instance.number}'],
  ...['${port.http}', '${socket.s}', '$(A)', '*', '/', 'a\0', '\n', 'auto', '25%', 'SIGTERM'],
  ...['__proto__', 'constructor', [], {}, [null], [[]], ['a', 'a'], { a: 1 }, { file: 'x' }],
  ...[[{ name: 'A' }, { name: 'A' }], { exec: { command: ['a'] } }, { httpGet: { port: 'http' } }],
]

const web = {
  command: ['a', '${port.http}', '${socket.s}'],
  ...{ args: 'x "y z"', workingDir: '${instance.name}', env: { A: '$(T)' }, replicas: 2 },
  ports: [{ name: 'http', containerPort: '80${instance.number}' }],
  ...{ sockets: ['s'], dependsOn: { db: 'ready' }, strategy: { maxSurge: '25%' } },
  readinessProbe: { httpGet: { port: 'http', httpHeaders: [{ name: 'a', value: 1 }] } },
  livenessProbe: { tcpSocket: { port: 1 } },
  lifecycle: { preStop: { sleep: { seconds: 1 } }, postStart: { exec: { command: ['a'] } } },
  resources: { limits: { memory: '1Gi' }, rlimits: { nofile: 3 }, cpuAffinity: '0-1' },
  logs: { stdout: { file: 'l/${instance.name}' }, stderr: 'stdout' },
  securityContext: { runAsUser: 1, capabilities: { add: ['ALL'] } },
}
const config = {
  http: { port: 9099 },
  control: { socket: 'c', access: { others: 'read' } },
  signals: { SIGHUP: 'reload', TERM: 'SIGQUIT' },
  sockets: { s: { port: 1 }, u: { path: 'x', owner: 'a:b', mode: '0660' } },
  groups: { g: { processes: ['web', 'db'], restartLimit: { count: 1 } } },
  defaults: { env: { T: '1' }, envFrom: [{ file: 'e.env', optional: true }] },
  processes: { web, db: { command: 'b c', readinessProbe: { notify: true } } },
}

type Branch = Record<string, unknown>

/** Another value in one place, or none, or what stands in another place. */
function change(root: Branch, random: () => number): void {
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]
  const places = placesIn(root)
  const [place, other] = [pick(places), pick(places)]
  if (!place || !other) return
  const kind = random()
  if (kind < 0.2) delete place.parent[place.key]
  else if (kind < 0.4) place.parent[place.key] = structuredClone(other.parent[other.key])
  else place.parent[place.key] = structuredClone(pick(odd))
}

function placesIn(value: unknown): readonly { readonly parent: Branch; readonly key: string }[] {
  if (typeof value !== 'object' || value === null) return []
  const parent = value as Branch
  return Object.keys(parent).flatMap((key) => [{ parent, key }, ...placesIn(parent[key])])
}

/** What is wrong is told with its place, and what is right means the same when it is rendered. */
async function walk(number: number): Promise<void> {
  const random = createRandom(number)
  const changed: Branch = structuredClone(config)
  for (let left = 1 + Math.floor(random() * 3); left > 0; left--) change(changed, random)
  try {
    const read = await parseConfig(JSON.stringify(changed), 'f.yaml', variables)
    const plan = toPlan(read, situation)
    for (const process of plan.processes) toInstances(process)
    const rendered = JSON.stringify(renderConfig(read))
    const again = toPlan(await parseConfig(rendered, 'f.yaml', variables), situation)
    if (JSON.stringify(again) !== JSON.stringify(plan)) throw new Error(`rendered: ${rendered}`)
  } catch (error) {
    if (!(error instanceof SupervisorError) || error.code !== 'CONFIG_INVALID') throw error
    const line = error.message.split('\n').find((line) => !/^f\.yaml:\d+:\d+: ./.test(line))
    if (line !== undefined) throw new Error(`no place: ${line}`)
  }
}

t.test('a configuration that was changed at random is read, or refused with places', async (t) => {
  for (let number = seed; number < seed + walks; number++) {
    await walk(number).catch((error: unknown) => {
      throw new Error(`RINGMASTER_SEED=${number} RINGMASTER_WALKS=1 shows: ${error}`, {
        cause: error,
      })
    })
  }
  t.pass(`${walks} walks from ${seed}`)
})
