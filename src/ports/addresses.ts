import type { Addresses } from '../plan/plan.ts'

/** Where Ringmaster itself can be reached. */
export interface OwnAddresses {
  /** From now on there. All that this takes was prepared when the plan was read. */
  move(to: Addresses): void
}
