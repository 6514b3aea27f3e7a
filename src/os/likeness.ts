import { isHeld, listOf } from './capabilities.ts'
import type { ChildRequest } from './child.ts'
import type { Limit } from './resources.ts'
import type { Confinement, Standing } from './standing.ts'

/** What a command is started with to be as a process is. */
export type Likeness = Required<
  Pick<ChildRequest, 'user' | 'bounding' | 'inheritable' | 'capabilities' | 'noNewPrivileges'> &
    Pick<ChildRequest, 'limits' | 'nice' | 'umask' | 'ioPriority' | 'cpuAffinity'> &
    Pick<ChildRequest, 'oomScoreAdjHint'>
>

/**
 * What makes a command of ours, who stand as `own`, one with the rights of `it`, and never one with more: its effective user, group and
 * capabilities, since an exec would make the saved ones effective. `refuse` is told what of it we can be given no means for.
 * Limits and priorities that only a right of ours could give stay as ours are. Pure.
 */
export function likenessOf(
  it: Standing,
  own: Standing,
  refuse: (reason: string) => void,
): Likeness {
  refuseConfinement(it.confinement, own.confinement, refuse)
  const { uids, gids, groups, hasNoNewPrivileges } = it.credentials
  const mayRaiseLimits = isHeld(own.credentials.effective, 'SYS_RESOURCE')
  const mayHurry = isHeld(own.credentials.effective, 'SYS_NICE')
  const [ioClass, ioLevel] = [it.ioPriority >> 13, it.ioPriority & 7]
  return {
    user: { uid: uids[1] ?? 0, gid: gids[1] ?? 0, groups },
    ...capabilitiesOf(it, own, refuse),
    noNewPrivileges: hasNoNewPrivileges,
    limits: it.limits.map((limit, at) =>
      mayRaiseLimits ? limit : within(limit, own.limits[at]?.hard ?? limit.hard),
    ),
    nice: mayHurry ? it.nice : Math.max(it.nice, own.nice),
    ioPriority:
      it.ioPriority < 0 || it.ioPriority === own.ioPriority || (ioClass === 1 && !mayHurry)
        ? null
        : { class: ioClass, level: ioClass === 0 ? 0 : ioLevel },
    cpuAffinity: it.cpus === own.cpus || it.cpus === '' ? null : it.cpus,
    umask: it.umask,
    oomScoreAdjHint: it.oomScoreAdj,
  }
}

/** At exec root is given the bounding and the inheritable set, others the ambient one: see capabilities(7). */
function capabilitiesOf(
  { credentials: it }: Standing,
  { credentials: own }: Standing,
  refuse: (reason: string) => void,
): Pick<Likeness, 'bounding' | 'inheritable' | 'capabilities'> {
  const missing = it.effective & ~own.permitted
  if (missing !== 0n) refuse(`it holds ${listOf(missing)}, which we do not`)
  const isRoot = it.uids[1] === 0
  const isUsualRoot =
    isRoot &&
    it.effective === (it.bounding | it.inheritable) &&
    it.ambient === (own.ambient & it.inheritable)
  const isBoundingLeft = (own.bounding & ~it.bounding) !== 0n
  const mayBound = isHeld(own.effective, 'SETPCAP')
  // Under no_new_privs an exec gives nothing that was not held before.
  if (isBoundingLeft && !mayBound && !it.hasNoNewPrivileges && !own.hasNoNewPrivileges) {
    refuse('its bounding set is smaller than ours, and we lack SETPCAP')
  }
  return {
    bounding: isBoundingLeft && mayBound ? it.bounding : null,
    inheritable: it.inheritable === own.inheritable ? null : it.inheritable & it.bounding,
    capabilities: isUsualRoot && (!isBoundingLeft || mayBound) ? null : it.effective,
  }
}

function within({ resource, soft, hard }: Limit, most: Limit['hard']): Limit {
  const least = (value: Limit['hard']) => (toNumber(value) > toNumber(most) ? most : value)
  return { resource, soft: least(soft), hard: least(hard) }
}

function toNumber(value: Limit['hard']): number {
  return value === 'unlimited' ? Number.POSITIVE_INFINITY : Number(value)
}

function refuseConfinement(
  it: Confinement,
  own: Confinement,
  refuse: (reason: string) => void,
): void {
  if (it.rootDir !== own.rootDir) refuse(`its root folder is ${it.rootDir}`)
  for (const [kind, namespace] of Object.entries(it.namespaces)) {
    if (namespace !== own.namespaces[kind]) refuse(`it is in another namespace: ${kind}`)
  }
  if (it.label !== own.label) {
    refuse(`it is confined as "${it.label}", and we are as "${own.label}"`)
  }
  const isFilteredMore = (it.seccomp.filters ?? 0) > (own.seccomp.filters ?? 0)
  if (it.seccomp.mode !== 0 && (it.seccomp.mode !== own.seccomp.mode || isFilteredMore)) {
    refuse('it is under a seccomp filter that we are not under')
  }
}
