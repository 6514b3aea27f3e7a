import { SupervisorSchema, type SupervisorStatus } from '../../wire/supervisor.ts'
import { type Operation, operation } from './operation.ts'
import type { ControlSource } from './operations.ts'

export function supervisorOperations({ version, view }: ControlSource): readonly Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/v1/supervisor',
      summary: 'How Ringmaster itself is.',
      response: SupervisorSchema,
      handle({ access }): SupervisorStatus {
        const { phase, isReady, isStarted, withdrawn } = view()
        return {
          ...{ version, pid: process.pid, phase, ready: isReady, started: isStarted },
          ...{ withdrawn: withdrawn?.for ?? null, drained: withdrawn?.isDrained ?? false, access },
        }
      },
    }),
  ]
}
