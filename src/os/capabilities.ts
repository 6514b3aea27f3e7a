import type { SecuritySpec } from '../plan/instance-spec.ts'
import type { OwnRights } from './own-rights.ts'
import type { Refuse } from './rights.ts'

/** Every capability in order of its number: see capabilities(7). */
const names = [
  ...['CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID'],
  ...['SETPCAP', 'LINUX_IMMUTABLE', 'NET_BIND_SERVICE', 'NET_BROADCAST', 'NET_ADMIN', 'NET_RAW'],
  ...['IPC_LOCK', 'IPC_OWNER', 'SYS_MODULE', 'SYS_RAWIO', 'SYS_CHROOT', 'SYS_PTRACE', 'SYS_PACCT'],
  ...['SYS_ADMIN', 'SYS_BOOT', 'SYS_NICE', 'SYS_RESOURCE', 'SYS_TIME', 'SYS_TTY_CONFIG', 'MKNOD'],
  ...['LEASE', 'AUDIT_WRITE', 'AUDIT_CONTROL', 'SETFCAP', 'MAC_OVERRIDE', 'MAC_ADMIN', 'SYSLOG'],
  ...['WAKE_ALARM', 'BLOCK_SUSPEND', 'AUDIT_READ', 'PERFMON', 'BPF', 'CHECKPOINT_RESTORE'],
]

/** Those that changing users, rights and limits takes. */
export type NeededCapability =
  | 'KILL'
  | 'SETGID'
  | 'SETUID'
  | 'SETPCAP'
  | 'SYS_NICE'
  | 'SYS_RESOURCE'

/** Whether capability `name` is in `set`. */
export function isHeld(set: bigint, name: NeededCapability): boolean {
  return (set & bitOf(name)) !== 0n
}

/** What the exec helper does to the capabilities of a child. */
export interface CapabilitySteps {
  /** The bounding and the inheritable set keep no others. null: they stay. */
  readonly bounding: bigint | null
  /** The permitted, effective, inheritable and ambient sets. null: as the kernel has it. */
  readonly capabilities: bigint | null
}

/**
 * The steps by which a child of user `uid` holds what `security` adds and nothing that it drops. Root holds its bounding set, every
 * other user what is added. A bounding set that Ringmaster may not change does no harm under no_new_privs, which gives
 * nothing at exec that was not held before.
 */
export function resolveCapabilities(
  security: Pick<SecuritySpec, 'capabilities' | 'allowsPrivilegeEscalation'>,
  uid: number,
  own: OwnRights,
  refuse: Refuse,
): CapabilitySteps {
  const { capabilities, allowsPrivilegeEscalation } = security
  // Leaving root empties the sets; leaving another user does not.
  if (capabilities === null) {
    return { bounding: null, capabilities: uid !== 0 && uid !== own.uid ? 0n : null }
  }
  const add = setOf(capabilities.add, own.bounding, 'add', refuse)
  const drop = setOf(capabilities.drop, own.bounding, 'drop', refuse)
  refuseAdded(add, own, refuse)
  const kept = (own.bounding & ~drop) | add
  if (kept === own.bounding || isHeld(own.effective, 'SETPCAP')) {
    return { bounding: kept, capabilities: uid === 0 ? null : add }
  }
  if (allowsPrivilegeEscalation && !own.hasNoNewPrivileges) {
    refuse(
      'capabilities.drop beside allowPrivilegeEscalation takes CAP_SETPCAP, which Ringmaster does not have; leave allowPrivilegeEscalation out, or add SETPCAP to the capabilities of the container',
    )
  }
  return { bounding: null, capabilities: uid === 0 ? kept & own.permitted : add }
}

function refuseAdded(add: bigint, { bounding, permitted }: OwnRights, refuse: Refuse): void {
  const outside = add & ~bounding
  if (outside !== 0n) {
    refuse(
      `capabilities.add: ${listOf(outside)} is not in the bounding set of Ringmaster; add it to the capabilities of the container`,
    )
  }
  const missing = add & bounding & ~permitted
  if (missing !== 0n) {
    refuse(
      `capabilities.add: ${listOf(missing)} is not held by Ringmaster, which cannot pass it on; start Ringmaster as root with it`,
    )
  }
}

function setOf(
  asked: readonly string[],
  all: bigint,
  field: 'add' | 'drop',
  refuse: Refuse,
): bigint {
  let set = 0n
  for (const name of asked) {
    if (name === 'ALL') set |= all
    else if (names.includes(name)) set |= bitOf(name)
    else refuse(`capabilities.${field}: there is no capability "${name}"; see capabilities(7)`)
  }
  return set
}

function bitOf(name: string): bigint {
  return 1n << BigInt(names.indexOf(name))
}

/** For messages. */
export function listOf(set: bigint): string {
  return names.filter((name) => (set & bitOf(name)) !== 0n).join(', ')
}
