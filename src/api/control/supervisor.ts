import { Type } from '@sinclair/typebox'
import { RequestProblem } from '../../wire/problems.ts'
import { SupervisorSchema, type SupervisorStatus } from '../../wire/supervisor.ts'
import { type Asked, type Operation, operation } from './operation.ts'
import type { ControlSource } from './operations.ts'

export function supervisorOperations({
  version,
  view,
  post,
  waiters,
}: ControlSource): readonly Operation[] {
  const statusFor = ({ access }: Pick<Asked, 'access'>): SupervisorStatus => {
    const { phase, isReady, isStarted, withdrawn } = view()
    return {
      ...{ version, pid: process.pid, phase, ready: isReady, started: isStarted },
      ...{ withdrawn: withdrawn?.for ?? null, drained: withdrawn?.isDrained ?? false, access },
    }
  }
  const path = '/v1/supervisor'
  const response = SupervisorSchema
  return [
    operation({
      ...{ method: 'GET', path, response },
      summary: 'How Ringmaster itself is.',
      handle: statusFor,
    }),
    operation({
      ...{ method: 'POST', path: `${path}/drain`, response },
      summary:
        'Not ready from now on; answers when the time of the drain is over, which a shutdown that follows does not wait for again.',
      async handle(asked) {
        refuseInShutdown()
        post({ type: 'drain', by: asked.by })
        const isOver = () => view().withdrawn?.isDrained !== false || view().phase !== 'running'
        await waiters.until(() => isOver() || undefined, asked.signal)
        return statusFor(asked)
      },
    }),
    operation({
      ...{ method: 'PUT', path: `${path}/maintenance`, response },
      summary: 'Not ready while it is on; switched off, it ends a drain, too.',
      body: Type.Object({ on: Type.Boolean() }),
      handle(asked) {
        refuseInShutdown()
        post({ type: 'maintenance', isOn: asked.body.on, by: asked.by })
        return statusFor(asked)
      },
    }),
    operation({
      ...{ method: 'POST', path: `${path}/shutdown`, response },
      summary: 'Ends Ringmaster in order, as SIGTERM does.',
      handle(asked) {
        post({ type: 'shutdown', reason: `asked for by ${asked.by}`, code: 0 })
        return statusFor(asked)
      },
    }),
  ]

  function refuseInShutdown(): void {
    if (view().phase === 'running') return
    throw new RequestProblem('NOT_POSSIBLE_NOW', 'Ringmaster shuts down')
  }
}
