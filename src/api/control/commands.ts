import type { View } from '../../core/view.ts'
import { parseSignal } from '../../lib/signals.ts'
import {
  NamedSchema,
  ScaleSchema,
  SignalSchema,
  type Taken,
  TakenSchema,
} from '../../wire/commands.ts'
import { RequestProblem } from '../../wire/problems.ts'
import { type Operation, operation } from './operation.ts'
import type { ControlSource } from './operations.ts'
import { type Selected, select } from './select.ts'

const summaries = {
  start: 'Starts what is named, and what that needs. What runs goes on.',
  stop: 'Stops what is named; what depends on it goes on.',
  restart: 'Stops and starts what is named, all at once.',
} as const

/** What can be done with processes. Each is taken in at once: who wants to see its end waits for it. */
export function commandOperations({ view, post, specs }: ControlSource): readonly Operation[] {
  return [
    ...(['start', 'stop', 'restart'] as const).map((type) =>
      operation({
        method: 'POST',
        path: `/v1/processes/${type}`,
        summary: summaries[type],
        body: NamedSchema,
        response: TakenSchema,
        handle({ body, by }): Taken {
          const taken = take(view(), body.names)
          post({ type, instances: taken.instances, by })
          return taken
        },
      }),
    ),
    operation({
      method: 'POST',
      path: '/v1/processes/signal',
      summary: 'Sends a signal to the main processes of what is named.',
      body: SignalSchema,
      response: TakenSchema,
      handle({ body, by }): Taken {
        const signal = parseSignal(body.signal)
        if (signal === undefined) {
          throw new RequestProblem('INVALID_REQUEST', `no such signal ${body.signal}`)
        }
        const taken = take(view(), body.names)
        const to = body.children ? 'tree' : 'process'
        post({ type: 'send', instances: taken.instances, signal, to, by })
        return taken
      },
    }),
    operation({
      method: 'POST',
      path: '/v1/processes/reload',
      summary:
        'Has what is named read its configuration again, by its reloadSignal; the instances of a process without one are replaced, one after the other.',
      body: NamedSchema,
      response: TakenSchema,
      handle({ body, by }): Taken {
        const taken = take(view(), body.names)
        for (const { process, instances } of select(view(), body.names)) {
          const names = instances.map(({ name }) => name)
          const signal = specs().find(({ name }) => name === process.name)?.reloadSignal ?? null
          if (signal !== null) {
            post({ type: 'send', instances: names, signal, to: 'process', by })
          } else if (names.length === process.instances.length) {
            post({ type: 'rollout', process: process.name, action: 'restart', by })
          } else {
            post({ type: 'restart', instances: names, by })
          }
        }
        return taken
      },
    }),
    operation({
      method: 'POST',
      path: '/v1/processes/scale',
      summary: 'Has processes have so many instances; those with the highest numbers go first.',
      body: ScaleSchema,
      response: TakenSchema,
      handle({ body, by }): Taken {
        const wanted = Object.entries(body.replicas)
        // All of it, or nothing.
        for (const [name, replicas] of wanted) checkScale(view(), name, replicas)
        const taken = take(view(), Object.keys(body.replicas))
        for (const [process, replicas] of wanted) post({ type: 'scale', process, replicas, by })
        return taken
      },
    }),
  ]
}

function checkScale(view: View, name: string, replicas: number): void {
  const [selected] = select(view, [name])
  const { process } = selected ?? {}
  if (process?.name !== name) throw new RequestProblem('NO_SUCH_NAME', `${name} is no process`)
  if (replicas <= process.mostReplicas) return
  throw new RequestProblem(
    'INVALID_REQUEST',
    `${name} cannot have ${replicas} instances: ${process.mostReplicas} at most`,
  )
}

/** Whom a command is for. Throws where nothing can be wanted any more, and where nobody is named. */
function take(view: View, names: readonly string[]): Taken {
  if (names.length === 0) {
    throw new RequestProblem('INVALID_REQUEST', 'no names: say "all" where all are meant')
  }
  const meant = select(view, names).filter(({ instances }) => instances.length > 0)
  if (view.phase !== 'running') {
    throw new RequestProblem('NOT_POSSIBLE_NOW', 'Ringmaster shuts down')
  }
  const runs = view.processes.flatMap((process) => process.instances.map(({ run }) => run))
  return {
    instances: meant.flatMap(namesOf),
    names: meant.flatMap((one) =>
      one.instances.length === one.process.instances.length ? one.process.name : namesOf(one),
    ),
    lastRun: runs.reduce((most, run) => Math.max(most, run), 0),
  }
}

function namesOf({ instances }: Selected): readonly string[] {
  return instances.map(({ name }) => name)
}
