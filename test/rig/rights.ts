import type { OwnRights } from '../../src/os/own-rights.ts'
import type { InstanceTemplate, ResourcesSpec, SecuritySpec } from '../../src/plan/instance-spec.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { planOf, processSpec } from './specs.ts'

const all = (1n << 41n) - 1n

/** Ringmaster as the root of a machine, but for what is given. */
export function ownRights(given: Partial<OwnRights> = {}): OwnRights {
  return {
    ...{
      startUid: given.uid ?? 0,
      startGroups: given.groups ?? [],
      uid: 0,
      gid: 0,
      groups: [],
      permitted: all,
      effective: all,
      bounding: all,
    },
    ...{ hasNoNewPrivileges: false, uidMap: [], gidMap: [], maySetGroups: true, ...given },
  }
}

/** An ordinary user, as in a container that was started with one. */
export function ordinaryRights(uid = 1000, given: Partial<OwnRights> = {}): OwnRights {
  return ownRights({ ...{ uid, gid: uid, groups: [], permitted: 0n, effective: 0n }, ...given })
}

/** As the defaults have it, but for what is given. */
export function security(given: Partial<SecuritySpec> = {}): SecuritySpec {
  return {
    ...{ user: null, group: null, supplementalGroups: [], isNonRoot: false },
    ...{ allowsPrivilegeEscalation: false, capabilities: null, ...given },
  }
}

/** A process as the defaults have it, but for what is given. */
export interface Given extends Partial<Omit<InstanceTemplate, 'security' | 'resources'>> {
  readonly security?: Partial<SecuritySpec>
  readonly resources?: Partial<ResourcesSpec>
}

/** A plan with one process for each name. */
export function planWith(processes: Readonly<Record<string, Given>>, dropsSelf = false): Plan {
  const specs = Object.entries(processes).map(([name, given]) => {
    const process = processSpec(name)
    return { ...process, template: filled(process.template, given) }
  })
  return { ...planOf(...specs), dropsSelf }
}

function filled(spec: InstanceTemplate, given: Given): InstanceTemplate {
  return {
    ...{ ...spec, ...given },
    security: { ...spec.security, ...given.security },
    resources: { ...spec.resources, ...given.resources },
  }
}
