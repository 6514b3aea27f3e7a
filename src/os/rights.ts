import type { SecuritySpec } from '../plan/instance-spec.ts'
import type { User, UserEnv } from './users.ts'

/** What a child is given when it is started, and what is taken from it. */
export interface Rights {
  /** null: as Ringmaster is. */
  readonly user: User | null
  readonly userEnv: UserEnv
  /** All that the bounding and the inheritable set keep; null: they stay. */
  readonly bounding: bigint | null
  /** The permitted, effective, inheritable and ambient set; null: as the kernel has it. */
  readonly capabilities: bigint | null
  readonly noNewPrivileges: boolean
}

/** What was asked for, by {@link rightsKey}, and what that comes to. */
export type KnownRights = ReadonlyMap<string, Rights>

/** Processes that ask for the same get the same. */
export function rightsKey(security: SecuritySpec): string {
  return JSON.stringify(security)
}

/** Hears why a process cannot be started; each reason is told, not only the first. */
export type Refuse = (reason: string) => void
