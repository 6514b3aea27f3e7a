import type { Past } from '../core/state.ts'

/** What keeps revisions from one start to the next. */
export interface RevisionStore {
  /** Those that were kept. */
  readonly past: readonly Past[]
  /** Has the next start find these, as far as that can be done; returns at once. */
  keep(past: readonly Past[]): void
}
