import { Type } from '@sinclair/typebox'
import { defaults } from './defaults.ts'
import { flag, id, integer, map, octal, oneOf, userOrGroup } from './fields.ts'

/** Resource limits of getrlimit(2). */
const limits = [
  ...['as', 'core', 'cpu', 'data', 'fsize', 'locks', 'memlock', 'msgqueue', 'nice', 'nofile'],
  ...['nproc', 'rss', 'rtprio', 'rttime', 'sigpending', 'stack'],
]

/** Capabilities of capabilities(7). */
const capabilities: string[] = [
  ...['ALL', 'AUDIT_CONTROL', 'AUDIT_READ', 'AUDIT_WRITE', 'BLOCK_SUSPEND', 'BPF'],
  ...['CHECKPOINT_RESTORE', 'CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'FSETID'],
  ...['IPC_LOCK', 'IPC_OWNER', 'KILL', 'LEASE', 'LINUX_IMMUTABLE', 'MAC_ADMIN', 'MAC_OVERRIDE'],
  ...['MKNOD', 'NET_ADMIN', 'NET_BIND_SERVICE', 'NET_BROADCAST', 'NET_RAW', 'PERFMON', 'SETFCAP'],
  ...['SETGID', 'SETPCAP', 'SETUID', 'SYS_ADMIN', 'SYS_BOOT', 'SYS_CHROOT', 'SYS_MODULE'],
  ...['SYS_NICE', 'SYS_PACCT', 'SYS_PTRACE', 'SYS_RAWIO', 'SYS_RESOURCE', 'SYS_TIME'],
  ...['SYS_TTY_CONFIG', 'SYSLOG', 'WAKE_ALARM'],
]
const capability = oneOf(capabilities, {
  allowed: 'a capability without CAP_, such as NET_BIND_SERVICE, or ALL',
})

/** The exec helper takes no higher ones. */
export const MAX_CPU = 8191
const cpu = Type.Integer({ minimum: 0, maximum: MAX_CPU })
/** One, or a range. */
const cpus = '\\d{1,4}(-\\d{1,4})?'

/** Who a process is, and what it may do. */
export const SecurityContextSchema = map(
  {
    runAsUser: userOrGroup(
      'User of the process, by name or number. A supervisor that is root wants it written.',
    ),
    runAsGroup: userOrGroup(
      "Group of the process, by name or number. Default: the user's own group.",
    ),
    supplementalGroups: Type.Optional(
      Type.Array(id(), {
        allowed: 'a list of numbers',
        description: 'Numbers of further groups.',
      }),
    ),
    runAsNonRoot: flag(
      'A start as root is refused.',
      defaults.process.securityContext.runAsNonRoot,
    ),
    allowPrivilegeEscalation: flag(
      'Programs may gain rights, as setuid ones do.',
      defaults.process.securityContext.allowPrivilegeEscalation,
    ),
    capabilities: Type.Optional(
      map(
        {
          add: capabilityList('Capabilities that the process has.'),
          drop: capabilityList('Capabilities that it has not, nor any program it starts.'),
        },
        'Capabilities of the process.',
      ),
    ),
    seccompProfile: Type.Optional(
      map(
        {
          type: Type.Optional(
            oneOf(['RuntimeDefault', 'Unconfined', 'Localhost'], { description: 'Which profile.' }),
          ),
          localhostProfile: Type.Optional(Type.String({ description: 'Its file on the node.' })),
        },
        "The pod's: has no effect here.",
      ),
    ),
    readOnlyRootFilesystem: flag("The pod's: has no effect here."),
    privileged: flag("The pod's: has no effect here."),
  },
  'User and rights of the process.',
)

/** What a process may use. */
export const ResourcesSchema = map(
  {
    limits: Type.Optional(
      map(
        {
          cpu: Type.Optional(quantity('Has no effect here.')),
          memory: Type.Optional(
            Type.Union(
              [
                Type.Number({ exclusiveMinimum: 0 }),
                Type.String({ pattern: '^(?=.*[1-9])\\d+(\\.\\d+)?([kMGTPE]|[KMGTPE]i)?$' }),
              ],
              {
                allowed: 'bytes above 0, such as 64Mi, 1G or 67108864',
                description:
                  'A run that has more in memory, with all its processes, is stopped and started again.',
              },
            ),
          ),
        },
        'Limits of a container.',
      ),
    ),
    requests: Type.Optional(
      Type.Record(Type.String(), quantity('How much.'), {
        description: 'Requests of a container: have no effect here.',
      }),
    ),
    rlimits: Type.Optional(
      Type.Record(
        Type.String({ pattern: `^(${limits.join('|')})$` }),
        Type.Union(
          [
            Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
            Type.Literal('unlimited'),
          ],
          { allowed: `a whole number from 0 to ${Number.MAX_SAFE_INTEGER}, or unlimited` },
        ),
        {
          additionalProperties: false,
          allowedKeys: limits.join(', '),
          description:
            'Soft and hard limits by their names in getrlimit(2), small and without RLIMIT_, such as `nofile`; a number or `unlimited`.',
        },
      ),
    ),
    nice: integer('Nice value; without it: as Ringmaster has it.', -20, 19),
    umask: octal('File mode creation mask; without it: as Ringmaster has it.'),
    oomScoreAdj: integer(
      'Who dies first when memory is short. Default: 50 above Ringmaster.',
      -1000,
      1000,
    ),
    ioClass: Type.Optional(
      Type.String({
        pattern: '^(idle|(best-effort|realtime)(:[0-7])?)$',
        allowed: 'idle, best-effort or realtime; the last two with a level, such as best-effort:7',
        description:
          'I/O scheduling class, and its level from 0, which is first, to 7 (4 where it is not written); without it: as Ringmaster has it.',
      }),
    ),
    cpuAffinity: Type.Optional(
      Type.Union(
        [
          Type.Array(cpu, { minItems: 1, allowed: 'a list with at least one number' }),
          cpu,
          Type.String({ pattern: `^${cpus}(,${cpus})*$` }),
        ],
        {
          allowed: `a number from 0 to ${MAX_CPU}, a list of them, or ranges such as 0-3,8`,
          description: 'CPUs that the process may run on; without it: as Ringmaster has it.',
        },
      ),
    ),
  },
  'Resources of the process.',
)

function capabilityList(description: string) {
  return Type.Optional(Type.Array(capability, { allowed: 'a list of capabilities', description }))
}

function quantity(description: string) {
  return Type.Union(
    [
      Type.Number({ minimum: 0 }),
      Type.String({ pattern: '^\\d+(\\.\\d+)?(m|[kMGTPE]|[KMGTPE]i)?$' }),
    ],
    { allowed: 'a quantity, such as 0.5, 250m or 64Mi', description },
  )
}
