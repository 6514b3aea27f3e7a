import { SupervisorError } from '../lib/errors.ts'
import type { Addresses } from '../plan/plan.ts'
import type { OwnAddresses } from '../ports/addresses.ts'

/** Another address that can be had, or what else was prepared for it. */
export interface Move {
  commit(): void
  /** Nothing came of it. After a commit it does nothing. */
  discard(): void
}

/** What can move. Null: it stays as it is. */
export type Mover = (to: Addresses) => Promise<Move | null>

export interface Moves extends OwnAddresses {
  /**
   * What `use` returns, while all that it takes to be reached there is at hand; that is given up after it, unless it was wanted. Throws `START_REFUSED`
   * when something cannot be had, and then nothing has changed. Calls must not overlap.
   */
  prepare<T>(to: Addresses, use: () => T): Promise<T>
}

/** Has several things move at once, or none of them. */
export function createMoves(movers: readonly Mover[], report: (error: unknown) => void): Moves {
  let prepared: readonly Move[] = []
  return {
    async prepare(to, use) {
      const moves: Move[] = []
      try {
        for (const prepareOne of movers) {
          const move = await prepareOne(to)
          if (move) moves.push(move)
        }
        prepared = moves
        return use()
      } finally {
        prepared = []
        for (const move of moves) move.discard()
      }
    },
    move() {
      for (const move of prepared) {
        try {
          move.commit()
        } catch (error) {
          report(error)
        }
      }
    },
  }
}

/** Whether something was refused that root would have had. */
export function lacksRight(error: unknown): boolean {
  if (!(error instanceof SupervisorError)) return false
  const { code } = (error.cause ?? {}) as NodeJS.ErrnoException
  return code === 'EACCES' || code === 'EPERM'
}
