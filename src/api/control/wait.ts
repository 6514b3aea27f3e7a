import type { InstanceView, View } from '../../core/view.ts'
import { type Goal, type Waited, WaitedSchema, WaitQuery } from '../../wire/commands.ts'
import { namesIn } from './names.ts'
import { type Operation, operation } from './operation.ts'
import type { ControlSource } from './operations.ts'
import { type Selected, select } from './select.ts'

/** `GET /v1/wait`: answers when what is named is as it is wanted, or cannot be any more. */
export function waitOperations({ view, waiters }: ControlSource): readonly Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/v1/wait',
      summary: 'Answers when all that is named is ready, started, stopped or has succeeded.',
      query: WaitQuery,
      response: WaitedSchema,
      async handle({ query, signal }): Promise<Waited> {
        const look = () => judge(view(), namesIn(query), query.for, Number(query.after ?? -1))
        const seen = () => {
          const now = look()
          return now.result === 'timeout' ? undefined : now
        }
        const { timeoutSeconds } = query
        const timeoutMs = timeoutSeconds === undefined ? null : 1000 * Number(timeoutSeconds)
        return (await waiters.until(seen, signal, timeoutMs)) ?? look()
      },
    }),
  ]
}

/**
 * How far what is named is; `timeout`: it is not there, and may come. What was never to run, for want of replicas or with `autoStart: false`, counts where it is
 * named itself, and not as part of `all`, a group or a glob. Pure.
 */
export function judge(view: View, names: readonly string[], goal: Goal, after: number): Waited {
  const missing: string[] = []
  let hasFailed = false
  const named = new Set(names)
  for (const selected of select(view, names)) {
    if (isThere(selected, goal, after)) continue
    if (isIdle(selected) && !isNamed(selected, named)) continue
    for (const instance of selected.instances) {
      if (isAsWanted(instance, goal, after)) continue
      const { name, phase, reason } = instance
      missing.push(`${name}: ${reason === null ? phase : `${phase}, ${reason}`}`)
      hasFailed ||= goal !== 'stopped' && phase === 'failed'
    }
    if (selected.instances.length === 0) missing.push(`${selected.process.name}: no instances`)
  }
  if (missing.length === 0) return { result: 'done', missing }
  if (hasFailed) return { result: 'failed', missing }
  const isEnding = goal !== 'stopped' && view.phase !== 'running'
  return { result: isEnding ? 'ending' : 'timeout', missing }
}

function isIdle({ instances }: Selected): boolean {
  return instances.every(({ phase, run }) => phase === 'stopped' && run === 0)
}

function isNamed({ process, instances }: Selected, names: ReadonlySet<string>): boolean {
  return names.has(process.name) || instances.some(({ name }) => names.has(name))
}

/** A process that is named as a whole is ready when enough of it is. */
function isThere({ process, instances }: Selected, goal: Goal, after: number): boolean {
  const isWhole = instances.length === process.instances.length
  if (goal === 'ready' && isWhole && after < 0) return process.isReady
  if (instances.length === 0) return goal === 'stopped'
  return instances.every((instance) => isAsWanted(instance, goal, after))
}

function isAsWanted({ phase, isReady, run }: InstanceView, goal: Goal, after: number): boolean {
  const isNew = run > after
  switch (goal) {
    case 'ready':
      return isNew && (isReady || phase === 'succeeded')
    case 'started':
      return isNew && (phase === 'running' || phase === 'succeeded')
    case 'succeeded':
      return isNew && phase === 'succeeded'
    case 'stopped':
      return phase === 'stopped' || phase === 'succeeded' || phase === 'failed'
  }
}
