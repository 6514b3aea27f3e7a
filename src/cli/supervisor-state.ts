import type { SupervisorStatus } from '../wire/supervisor.ts'

/** How Ringmaster itself is, in a few words. */
export function supervisorState({ phase, ready, withdrawn, drained }: SupervisorStatus): string {
  const why = withdrawn === null ? '' : `, ${drained ? 'drained' : withdrawn}`
  return `${phase}, ${ready ? 'ready' : 'not ready'}${why}`
}

/** The same where it is not as its processes are; else nothing. */
export function unusualState(supervisor: SupervisorStatus): string {
  const { phase, withdrawn } = supervisor
  return phase === 'running' && withdrawn === null ? '' : supervisorState(supervisor)
}
