import { readdirSync, statSync } from 'node:fs'
import type { OwnUsage, Usage, UsageSource } from '../ports/usage.ts'
import { native } from './native.ts'
import { allPids, isProcOurs, statFieldsOf } from './procfs.ts'

/** Looks into /proc; without one of this PID namespace it finds nothing. */
export function createUsageSource(): UsageSource {
  const canLook = isProcOurs()
  const pageBytes = native().pageSize()
  return {
    *look(mains) {
      const found = canLook && mains.size > 0 ? yield* lookAtAll() : new Map<number, Found>()
      const usages = new Map<number, Usage>()
      const mainOf = createOwners(found, mains)
      for (const [pid, { cpuTicks, pages }] of found) {
        yield
        const main = mainOf(pid)
        if (main === undefined) continue
        const sum = usages.get(main) ?? { cpuSeconds: 0, residentBytes: 0, openFds: 0 }
        const fds = countFds(pid)
        usages.set(main, {
          cpuSeconds: sum.cpuSeconds + cpuTicks / ticksPerSecond,
          residentBytes: sum.residentBytes + pages * pageBytes,
          openFds: sum.openFds === undefined || fds === undefined ? undefined : sum.openFds + fds,
        })
      }
      return usages
    },
  }
}

/** What one process uses; undefined where /proc does not tell, or it has ended. */
export function lookAtProcess(pid: number): OwnUsage | undefined {
  const found = isProcOurs() ? find(pid) : undefined
  return (
    found && {
      cpuSeconds: found.cpuTicks / ticksPerSecond,
      residentBytes: found.pages * native().pageSize(),
    }
  )
}

/** Looks at every process that /proc shows, one a step; by pid. */
export function* lookAtAll(): Generator<void, ReadonlyMap<number, Found>> {
  const found = new Map<number, Found>()
  for (const pid of allPids()) {
    const one = find(pid)
    if (one !== undefined) found.set(pid, one)
    yield
  }
  return found
}

/** One process; see proc_pid_stat(5). */
export interface Found {
  readonly parent: number
  readonly session: number
  /** With that of children that it has waited for. */
  readonly cpuTicks: number
  readonly pages: number
}

/** USER_HZ: what Linux tells programs is the same on every CPU that Node.js runs on. */
const ticksPerSecond = 100

function find(pid: number): Found | undefined {
  const fields = statFieldsOf(pid)
  if (fields === undefined) return undefined
  const [, parent, , session] = fields
  const cpuTicks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  return { parent: Number(parent), session: Number(session), cpuTicks, pages: Number(fields[21]) }
}

/** Tells whose main process a process belongs to: that which it descends from, or whose session it is of. */
export function createOwners(
  found: ReadonlyMap<number, Found>,
  mains: ReadonlySet<number>,
): (pid: number) => number | undefined {
  const known = new Map<number, number | undefined>()
  // Who has the pid of a main process that is gone is no child of ours.
  for (const pid of mains) if (found.get(pid)?.parent === process.pid) known.set(pid, pid)
  known.set(process.pid, undefined)
  return (pid) => {
    const path: (readonly [number, Found])[] = []
    let at = pid
    for (let one = found.get(at); one !== undefined && !known.has(at); one = found.get(at)) {
      path.push([at, one])
      // Numbers that were used again meanwhile may make a circle.
      known.set(at, undefined)
      at = one.parent
    }
    let main = known.get(at)
    for (const [one, { session }] of path.reverse()) {
      // An orphan is a child of ours; known by its session.
      main ??= known.get(session) === session ? session : undefined
      known.set(one, main)
    }
    return known.get(pid)
  }
}

/** Undefined where we may not look. One that has ended has none. */
function countFds(pid: number): number | undefined {
  try {
    const { size } = statSync(`/proc/${pid}/fd`)
    // Linux tells it by the size of the folder since 6.2, also of a process that is not ours to look into.
    return size > 0 || tellsBySize() ? size : readdirSync(`/proc/${pid}/fd`).length
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return 0
    if (code === 'EACCES' || code === 'EPERM') return undefined
    throw error
  }
}

/** We have descriptors ourselves. */
function tellsBySize(): boolean {
  return statSync('/proc/self/fd').size > 0
}
