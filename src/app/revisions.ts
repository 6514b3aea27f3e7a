import type { SelfDrop } from '../os/drop-self.ts'
import { resolvePast } from '../os/past-rights.ts'
import { openRevisionStore, type WrittenRevisions } from '../os/revision-store.ts'
import type { KnownRights } from '../os/rights.ts'
import type { Plan } from '../plan/plan.ts'
import type { Clock } from '../ports/clock.ts'
import type { Note } from './notes.ts'

/** What is kept of revisions, those of earlier starts that can be had in this one, and the rights of all that may be started by now. */
export function openRevisions(
  plan: Plan,
  self: SelfDrop,
  clock: Clock,
  tell: Note,
): WrittenRevisions & { readonly rights: KnownRights } {
  const store = openRevisionStore(plan.stateDir, { clock, tell })
  const { past, rights, problems } = resolvePast(store.past, plan, self)
  for (const problem of problems) tell('warn', problem)
  return { ...store, past, rights }
}
