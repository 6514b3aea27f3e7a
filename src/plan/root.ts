import type { Plan } from './plan.ts'

/** Why root may not start this plan: one text for each process that says nothing of its user, with the two lines to choose from; empty when `uid`, Ringmaster's own, is not 0. Pure. */
export function refuseRoot(plan: Plan, uid: number): readonly string[] {
  return unasked(plan, uid).map(
    (name) =>
      `cannot start ${name} as root unasked. Write one of these two lines under processes.${name}.securityContext:\n  runAsUser: 65534\n  runAsUser: 0`,
  )
}

/** The processes that would be root because nobody said who they are. Pure. */
export function unasked({ processes }: Plan, uid: number): readonly string[] {
  if (uid !== 0) return []
  return processes.filter(({ template }) => template.security.user === null).map(({ name }) => name)
}
