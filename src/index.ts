/** What programs import from `ringmaster`. */
export type {
  ApplyOptions,
  ClientOptions,
  FollowOptions,
  LogOptions,
  WaitOptions,
} from './client/client.ts'
export { RingmasterClient } from './client/client.ts'
export type { Supervisor, SupervisorOptions } from './client/supervisor.ts'
export { createSupervisor } from './client/supervisor.ts'
export { type ErrorCode, isSupervisorError, SupervisorError } from './lib/errors.ts'
export type { Goal, Taken, Waited } from './wire/commands.ts'
export type { ConfigStatus } from './wire/config.ts'
export type { EventStatus, IncidentStatus, Line } from './wire/history.ts'
export type { Problem, ProblemCode } from './wire/problems.ts'
export type { InstanceStatus, ProcessDetail, ProcessStatus } from './wire/processes.ts'
export type { Applied, RevisionStatus, RolloutAction, RolloutStatus } from './wire/rollouts.ts'
export type { SocketStatus } from './wire/sockets.ts'
export type { SupervisorStatus } from './wire/supervisor.ts'
export type { UsageStatus } from './wire/usage.ts'
