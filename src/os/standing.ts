import { readlinkSync } from 'node:fs'
import { asOwner } from './as-owner.ts'
import { native } from './native.ts'
import { type Credentials, parseCredentials } from './own-rights.ts'
import { nothingIfGone, readProc, statFieldsOf } from './procfs.ts'
import { type Limit, parseLimits } from './resources.ts'

/** How a process stands towards the kernel: what it is, may and has, as far as /proc tells. */
export interface Standing {
  readonly credentials: Credentials
  /** In order of their numbers. */
  readonly limits: readonly Limit[]
  readonly nice: number
  /** As {@link native} has it. */
  readonly ioPriority: number
  readonly umask: number
  readonly oomScoreAdj: number
  /** `0-3,8`. */
  readonly cpus: string
  /** `NAME=value`, each with a NUL behind it, as it was started with, or has written over it. */
  readonly environ: string
  readonly workingDir: string
  readonly confinement: Confinement
}

/** What nobody else can be put under, or only by entering it. */
export interface Confinement {
  readonly rootDir: string
  /** By kind (`mnt`, `user` …), `mnt:[4026531832]`. */
  readonly namespaces: Readonly<Record<string, string>>
  /** Of AppArmor, SELinux or Smack; none: ``. */
  readonly label: string
  /** Nothing is known of filters before Linux 5.9. */
  readonly seccomp: { readonly mode: number; readonly filters: number | undefined }
}

/** Undefined when that process is gone, or not for us to look into. */
export function standingOf(pid: number): Standing | undefined {
  const status = readProc(`${pid}/status`)
  const ownEyes = insideOf(pid)
  const inside =
    ownEyes !== undefined || process.geteuid?.() !== 0 ? ownEyes : asOwner(pid, () => insideOf(pid))
  const nice = statFieldsOf(pid)?.[16]
  const limits = parseLimits(readProc(`${pid}/limits`))
  const ioPriority = native().ioPriorityOf(pid)
  if (status === '' || inside === undefined || nice === undefined || limits.length === 0) {
    return undefined
  }
  const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1]
  const number = (text: string | undefined, base = 10) =>
    text === undefined ? undefined : Number.parseInt(text, base)
  return {
    ...{ credentials: parseCredentials(status), limits, nice: Number(nice), ioPriority },
    // gVisor and old kernels have fewer fields: what is not told is as usual.
    ...{ umask: number(field('Umask'), 8) ?? 0o22, cpus: field('Cpus_allowed_list') ?? '' },
    oomScoreAdj: Number(readProc(`${pid}/oom_score_adj`)),
    ...{ environ: inside.environ, workingDir: inside.workingDir },
    confinement: {
      ...{ rootDir: inside.rootDir, namespaces: inside.namespaces, label: labelOf(pid) },
      seccomp: { mode: number(field('Seccomp')) ?? 0, filters: number(field('Seccomp_filters')) },
    },
  }
}

/** Those that a process is in; what its children will be in has names of its own. */
const kinds = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'time', 'user', 'uts'] as const

/** What only who may trace it is told. */
function insideOf(pid: number) {
  const [rootDir, workingDir] = ['root', 'cwd'].map((name) => targetOf(`${pid}/${name}`))
  const user = targetOf(`${pid}/ns/user`)
  if (rootDir === undefined || workingDir === undefined || user === undefined) return undefined
  const namespaces = Object.fromEntries(
    kinds.map((kind) => [kind, targetOf(`${pid}/ns/${kind}`) ?? '']),
  )
  return { rootDir, workingDir, namespaces, environ: readProc(`${pid}/environ`) }
}

function targetOf(path: string): string | undefined {
  try {
    return readlinkSync(`/proc/${path}`)
  } catch (error) {
    return nothingIfGone(error, undefined)
  }
}

function labelOf(pid: number): string {
  try {
    return readProc(`${pid}/attr/current`).replace(/\0|\n/g, '')
  } catch (error) {
    // There is nothing that labels.
    if ((error as NodeJS.ErrnoException).code === 'EINVAL') return ''
    throw error
  }
}
