import type { Past } from '../core/state.ts'
import { messageOf } from '../lib/errors.ts'
import { diffProcess } from '../plan/diff.ts'
import type { Plan } from '../plan/plan.ts'
import type { ProcessSpec } from '../plan/process-spec.ts'
import { refuseRoot } from '../plan/root.ts'
import type { SelfDrop } from './drop-self.ts'
import { startUid } from './own-rights.ts'
import type { KnownRights } from './rights.ts'
import { resolveMore } from './start-rights.ts'

/** Revisions of earlier starts that Ringmaster can go back to. */
export interface UsablePast {
  readonly past: readonly Past[]
  /** What is started now and what they need. */
  readonly rights: KnownRights
  /** Why others are left out. */
  readonly problems: readonly string[]
}

/** What of `past` can be had in this start: earlier ones may have had other processes, sockets, users and rights. */
export function resolvePast(past: readonly Past[], plan: Plan, self: SelfDrop): UsablePast {
  const sockets = new Set(plan.sockets.map(({ name }) => name))
  const specs = new Map(plan.processes.map((spec) => [spec.name, spec]))
  const rights = new Map(self.rights)

  function whyNot(spec: ProcessSpec, now: ProcessSpec): string | undefined {
    try {
      // What cannot be compared is none of ours.
      diffProcess(spec, now)
      const missing = spec.template.sockets.find((name) => !sockets.has(name))
      if (missing !== undefined) return `there is no socket ${missing}`
      const gone = spec.dependsOn.find(({ process }) => !specs.has(process))
      if (gone !== undefined) return `there is no process ${gone.process}`
      const alone = { ...plan, processes: [spec] }
      const [refusal] = refuseRoot(alone, startUid)
      if (refusal !== undefined) return refusal
      for (const [key, one] of resolveMore(alone, rights, self)) rights.set(key, one)
      return undefined
    } catch (error) {
      return messageOf(error)
    }
  }

  const problems: string[] = []
  const usable = past.flatMap(({ process, revisions, nextRevision }): readonly Past[] => {
    const now = specs.get(process)
    if (now === undefined) return []
    const reasons = revisions.map(({ spec }) => whyNot(spec, now))
    const kept = revisions.filter((_, index) => reasons[index] === undefined)
    const reason = reasons.find((one) => one !== undefined)
    if (reason !== undefined) {
      const left = revisions.flatMap((one) => (kept.includes(one) ? [] : one.number))
      problems.push(
        `revisions of ${process} are left out (${left.join(', ')}): ${reason.split('\n')[0]}`,
      )
    }
    return [{ process, nextRevision, revisions: kept }]
  })
  return { past: usable, rights, problems }
}
