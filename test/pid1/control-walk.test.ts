import t, { type Test } from 'tap'
import { RingmasterClient } from '../../src/client/client.ts'
import { control } from '../rig/control.ts'
import { until } from '../rig/launched.ts'
import { childrenOf, isGuard } from '../rig/proc.ts'
import { chooseSeed, createRandom } from '../rig/random.ts'
import { alone } from '../rig/ringmaster.ts'
import { script } from '../rig/supervise.ts'

/** RINGMASTER_SEED=N walks the way of a failure again. */
const seed = chooseSeed()
const commands = Number(process.env['RINGMASTER_COMMANDS'] ?? 200)
const names = ['web', 'api', 'db', 'flaky'] as const
type Name = (typeof names)[number]

// More than a thousand take a minute.
t.setTimeout(200_000)

const sleeper = script('exec sleep 1000')
const backoff = { initialSeconds: 0.01, maxSeconds: 0.05 }

/** What somebody who gave the same commands would expect. */
class Model {
  /** Instances that there are to be, and whether each is to run. */
  readonly instances = new Map<string, boolean>()
  /** Whether an instance that comes is started. */
  readonly #courses: Record<Name, boolean> = { web: true, api: true, db: true, flaky: true }

  constructor() {
    for (const one of ['web.1', 'web.2', 'api.1', 'db.1', 'flaky.1', 'flaky.2']) {
      this.instances.set(one, true)
    }
  }

  of(name: Name): string[] {
    return [...this.instances.keys()].filter((instance) => instance.startsWith(`${name}.`))
  }

  want(meant: readonly string[], isWanted: boolean): void {
    for (const instance of meant) this.instances.set(instance, isWanted)
    // A start takes along what it needs.
    if (isWanted && meant.some((one) => /^(web|api)\./.test(one))) this.#need()
    for (const name of names) {
      const all = this.of(name)
      if (all.length > 0 && all.every((one) => meant.includes(one))) this.#courses[name] = isWanted
    }
  }

  /** The highest numbers go first; `found` are those that there are then. */
  scale(name: Name, replicas: number, found: readonly string[]): boolean {
    const staying = this.of(name).slice(0, replicas)
    for (const instance of this.of(name)) {
      if (!staying.includes(instance)) this.instances.delete(instance)
    }
    for (const instance of found) {
      if (!this.instances.has(instance)) this.instances.set(instance, this.#courses[name])
    }
    return staying.every((instance) => found.includes(instance))
  }

  #need(): void {
    if ([...this.of('db')].some((one) => this.instances.get(one))) return
    this.want(this.of('db'), true)
  }
}

t.test(`${commands} commands in any order lead to what was wanted`, async (t) => {
  t.comment(`RINGMASTER_SEED=${seed}`)
  const random = createRandom(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const oneOf = <T>(all: readonly T[]) => all[below(all.length)] as T
  const { ringmaster, socket } = await control(t, alone, {
    processes: {
      web: { ...sleeper, replicas: 2, dependsOn: { db: 'started' } },
      api: { ...sleeper, dependsOn: { db: 'started' } },
      db: { ...sleeper, essential: false },
      flaky: script('sleep 0.0$(($$ % 9)); exit 3', {
        ...{ replicas: 2, backoff, restartLimit: null, essential: false },
      }),
    },
  })
  const client = new RingmasterClient({ socket })
  await client.wait(['web', 'api', 'db'], 'ready', { timeoutSeconds: 20 })
  const model = new Model()
  for (let count = 0; count < commands; count++) {
    const name = oneOf(names)
    const all = model.of(name)
    const meant = below(2) === 0 ? all : all.filter(() => below(2) === 0)
    const action = oneOf(['start', 'stop', 'restart', 'signal', 'scale'] as const)
    if (action === 'scale' && name !== 'db') {
      const replicas = 1 + below(4)
      await client.scale({ [name]: replicas })
      const found = await until(async () => {
        const [process] = await client.status([name])
        const found = process?.instances.map((one) => one.name) ?? []
        return found.length === replicas ? found : undefined
      })
      if (!model.scale(name, replicas, found)) t.fail(`${found} of ${name} are not the lowest`)
    } else if (action === 'signal' && meant.length > 0) {
      await client.signal(meant, oneOf(['CONT', 'KILL']))
    } else if (
      meant.length > 0 &&
      (action === 'start' || action === 'stop' || action === 'restart')
    ) {
      await client[action](meant)
      model.want(meant, action !== 'stop')
    }
  }
  await client.stop(['flaky'])
  model.want(model.of('flaky'), false)
  await settle(t, client, model)
  const told = (await client.status()).flatMap(({ instances }) =>
    instances.flatMap(({ pid }) => pid ?? []),
  )
  const living = childrenOf(ringmaster.pid).flatMap(({ pid }) => (isGuard(pid) ? [] : pid))
  t.same(living.sort(), told.sort(), 'what is told to live lives, and nothing else')
  t.notMatch(ringmaster.stderr, /internal error/)
  await client.shutdown()
  t.match(await ringmaster.exit(), { code: 0 })
})

/** Waits until each instance is at rest or runs, as the model has it. */
async function settle(t: Test, client: RingmasterClient, model: Model): Promise<void> {
  const expected = [...model.instances].map(([name, isWanted]) => `${name} ${isWanted}`).sort()
  let seen: string[] = []
  for (const endMs = performance.now() + 15_000; performance.now() < endMs; ) {
    const instances = (await client.status()).flatMap((one) => one.instances)
    seen = instances.map(({ name, wanted }) => `${name} ${wanted}`).sort()
    const isSettled = instances.every(
      ({ wanted, phase }) => phase === (wanted ? 'running' : 'stopped'),
    )
    if (isSettled && `${seen}` === `${expected}`) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  t.same(seen, expected, 'what is wanted is what was asked for')
}
