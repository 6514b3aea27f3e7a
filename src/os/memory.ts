import type { MemorySource } from '../ports/memory.ts'
import { native } from './native.ts'
import { isProcOurs, readProc } from './procfs.ts'
import { createOwners, lookAtAll } from './usage.ts'

/** Looks into /proc; without one of this PID namespace it finds nothing. `onInexact` hears once when shares are hidden from us. */
export function createMemorySource(onInexact: () => void): MemorySource {
  const canLook = isProcOurs()
  const pageBytes = native().pageSize()
  let isTold = false

  /** Its share of each page; where that is hidden, what it has in memory but for files and for memory shared by intent. */
  function memoryOf(pid: number): number {
    const [, kilobytes] = /^Pss: +(\d+) kB$/m.exec(readProc(`${pid}/smaps_rollup`)) ?? []
    if (kilobytes !== undefined) return Number(kilobytes) * 1024
    const [, resident = 0, shared = 0] = readProc(`${pid}/statm`).split(' ').map(Number)
    // One that has ended has none.
    if (resident > 0 && !isTold) {
      isTold = true
      onInexact()
    }
    return (resident - shared) * pageBytes
  }

  return {
    *look(limits) {
      if (!canLook) return new Map()
      const found = yield* lookAtAll()
      const mainOf = createOwners(found, new Set(limits.keys()))
      const trees = new Map<number, { residentBytes: number; readonly pids: number[] }>()
      for (const [pid, { pages }] of found) {
        yield
        const main = mainOf(pid)
        if (main === undefined) continue
        const tree = trees.get(main) ?? { residentBytes: 0, pids: [] }
        tree.residentBytes += pages * pageBytes
        tree.pids.push(pid)
        trees.set(main, tree)
      }
      const above = new Map<number, number>()
      for (const [main, { residentBytes, pids }] of trees) {
        yield
        // Shares are dear: the kernel looks at every page. Their sum is never above this one.
        if (residentBytes <= (limits.get(main) ?? Infinity)) continue
        let bytes = 0
        for (const pid of pids) {
          bytes += memoryOf(pid)
          yield
        }
        above.set(main, bytes)
      }
      return above
    },
  }
}
