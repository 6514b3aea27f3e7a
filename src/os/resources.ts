import type { ResourcesSpec } from '../plan/instance-spec.ts'
import { readOwn } from './own-rights.ts'

/** What the exec helper sets of a child's resources; null: as Ringmaster has it. */
export interface ResourceSteps {
  /** Soft and hard ones, by the number of the resource. */
  readonly limits: readonly Limit[]
  readonly nice: number | null
  readonly umask: number | null
  /** See ioprio_set(2). */
  readonly ioPriority: { readonly class: number; readonly level: number } | null
  /** CPUs and ranges of them: `0-3,8`. */
  readonly cpuAffinity: string | null
  readonly oomScoreAdj: number | null
  /** One that cannot be set is no reason not to start; `+50`: so much above Ringmaster's. */
  readonly oomScoreAdjHint: number | `+${number}` | null
}

/** Of the resource with that number: see getrlimit(2). */
export interface Limit {
  readonly resource: number
  readonly soft: number | string
  readonly hard: number | string
}

/** The steps to `spec`, whose limits are known ones. */
export function resolveResources({
  rlimits,
  nice,
  umask,
  ioClass,
  cpuAffinity,
  oomScoreAdj,
}: ResourcesSpec): ResourceSteps {
  return {
    limits: Object.entries(rlimits).flatMap(([name, value]) => {
      const resource = limitNumber(name)
      return resource === undefined ? [] : [{ resource, soft: value, hard: value }]
    }),
    ...{ nice, umask, cpuAffinity, oomScoreAdj },
    ioPriority: ioClass === null ? null : toIoPriority(ioClass),
    oomScoreAdjHint: oomScoreAdj === null ? sooner : null,
  }
}

/** Every resource that a limit can be set for, in order of its number: see getrlimit(2). */
const names = [
  ...['cpu', 'fsize', 'data', 'stack', 'core', 'rss', 'nproc', 'nofile', 'memlock', 'as', 'locks'],
  ...['sigpending', 'msgqueue', 'nice', 'rtprio', 'rttime'],
]

/** The number of the limit `name`, such as 7 for `nofile`; undefined when there is none of that name. */
export function limitNumber(name: string): number | undefined {
  const number = names.indexOf(name)
  return number < 0 ? undefined : number
}

/** For messages. */
export const knownLimits = names.join(', ')

/** Ringmaster's own hard limit `name`; Infinity for none, NaN when there is no telling. */
export function ownHardLimit(name: string): number {
  const { hard = Number.NaN } = parseLimits(readOwn('limits'))[names.indexOf(name)] ?? {}
  return hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard)
}

/** The text of /proc/PID/limits: one line each in order of its number, below a line of titles, with columns of fixed width. */
export function parseLimits(text: string): readonly Limit[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line, resource) => {
      const [soft, hard] = [line.slice(26, 47).trim(), line.slice(47, 67).trim()]
      return hard === '' ? [] : [{ resource, soft, hard }]
    })
}

/** Ringmaster's own oom_score_adj; undefined when there is no telling. */
export function ownOomScoreAdj(): number | undefined {
  const text = readOwn('oom_score_adj')
  return text === '' ? undefined : Number(text)
}

/** In order of their numbers: see ioprio_set(2). */
const ioClasses = ['none', 'realtime', 'best-effort', 'idle']
/** As ionice(1) has it. */
const middleLevel = 4

function toIoPriority(ioClass: string): { class: number; level: number } {
  const [name = '', level] = ioClass.split(':')
  const standard = name === 'idle' ? 0 : middleLevel
  return { class: ioClasses.indexOf(name), level: level === undefined ? standard : Number(level) }
}

/** When memory is short, the kernel is to choose a child before PID 1. */
const sooner = '+50'
