import { Type } from '@sinclair/typebox'
import type { ProcessView } from '../../core/view.ts'
import { RequestProblem } from '../../wire/problems.ts'
import {
  RevisionSchema,
  type RevisionStatus,
  RolloutSchema,
  type RolloutStatus,
  RolloutWishSchema,
} from '../../wire/rollouts.ts'
import { NamesQuery, namesIn } from './names.ts'
import { type Operation, operation } from './operation.ts'
import type { ControlSource } from './operations.ts'
import { select } from './select.ts'

export function rolloutOperations({
  view,
  post,
  waiters,
  obstacleToUndo,
}: ControlSource): readonly Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/v1/rollouts',
      summary: 'How far instances are replaced; with `timeoutSeconds` when none are any more.',
      query: Type.Composite([
        NamesQuery,
        Type.Object({
          timeoutSeconds: Type.Optional(Type.String({ pattern: '^[0-9]{1,7}(\\.[0-9]{1,3})?$' })),
        }),
      ]),
      response: Type.Array(RolloutSchema),
      async handle({ query, signal }): Promise<RolloutStatus[]> {
        const look = () =>
          select(view(), namesIn(query)).map(({ process }) => rolloutStatusOf(process))
        const { timeoutSeconds } = query
        if (timeoutSeconds === undefined) return look()
        const isOver = () => (look().every(isAtEnd) ? true : undefined)
        await waiters.until(isOver, signal, 1000 * Number(timeoutSeconds))
        return look()
      },
    }),
    operation({
      method: 'GET',
      path: '/v1/revisions',
      summary: 'What processes were, are or were to be, oldest first.',
      query: NamesQuery,
      response: Type.Array(RevisionSchema),
      handle: ({ query }): RevisionStatus[] =>
        select(view(), namesIn(query)).flatMap(({ process }) => revisionsOf(process)),
    }),
    operation({
      method: 'POST',
      path: '/v1/rollouts/{name}',
      summary: 'Goes back to a revision, replaces instances, or pauses and resumes that.',
      body: RolloutWishSchema,
      response: RolloutSchema,
      handle({ params, body, by }): RolloutStatus {
        const process = theOne(params['name'] ?? '')
        const { action, toRevision = null } = body
        if (action === 'undo') {
          checkUndo(process, toRevision)
          const obstacle = obstacleToUndo(process.name, toRevision)
          if (obstacle !== null) {
            const text = `${process.name} cannot go back: ${obstacle}; apply a configuration`
            throw new RequestProblem('NOT_POSSIBLE_NOW', text)
          }
          post({ type: 'rollout', process: process.name, action, toRevision, by })
        } else {
          post({ type: 'rollout', process: process.name, action, by })
        }
        return rolloutStatusOf(theOne(process.name))
      },
    }),
  ]

  function theOne(name: string): ProcessView {
    const [selected, more] = select(view(), [name])
    if (selected === undefined || more !== undefined || selected.process.name !== name) {
      throw new RequestProblem('NO_SUCH_NAME', `${name} is not one process`)
    }
    if (view().phase !== 'running') {
      throw new RequestProblem('NOT_POSSIBLE_NOW', 'Ringmaster shuts down')
    }
    return selected.process
  }
}

function checkUndo({ name, revision, revisions }: ProcessView, toRevision: number | null): void {
  const kept = revisions.map(({ number }) => number)
  if (toRevision !== null && !kept.includes(toRevision)) {
    const known = kept.join(', ')
    throw new RequestProblem('NO_SUCH_NAME', `${name} has no revision ${toRevision}: ${known}`)
  }
  const hasOther = revisions.some(({ number, isGood }) => number !== revision && isGood)
  if (toRevision === null && !hasOther) {
    throw new RequestProblem('NOT_POSSIBLE_NOW', `${name} has no good revision before this one`)
  }
}

/** Nothing is replaced any more, and nothing will be by itself. */
function isAtEnd({ state }: RolloutStatus): boolean {
  return state === 'complete' || state === 'failed' || state === 'returned'
}

function rolloutStatusOf(process: ProcessView): RolloutStatus {
  const { name, revision, replicas, rollout, lastRollout, instances } = process
  const state = stateOf(process)
  const hasFailed = state === 'failed' || state === 'returned'
  const settled = instances.filter((one) => one.revision === revision && !one.isLeaving)
  return {
    ...{ process: name, revision, replicas, state },
    reason: hasFailed ? (lastRollout?.reason ?? null) : null,
    updated: rollout?.updated ?? settled.length,
    available: rollout?.available ?? settled.filter(({ isReady }) => isReady).length,
  }
}

function stateOf({ rollout, isPaused, lastRollout }: ProcessView): RolloutStatus['state'] {
  if (rollout !== null) {
    if (isPaused) return 'paused'
    return rollout.reason === 'return' ? 'returning' : 'progressing'
  }
  const result = lastRollout?.result
  return result === 'failed' || result === 'returned' ? result : 'complete'
}

function revisionsOf({ name, revision, revisions }: ProcessView): RevisionStatus[] {
  return revisions.map(({ number, atMs, by, changes, isGood }) => ({
    ...{ process: name, revision: number, at: new Date(atMs).toISOString(), by },
    ...{ changes: [...changes], good: isGood, current: number === revision },
  }))
}
