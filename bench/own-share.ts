import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'

/**
 * Moves this process, and what it starts, into a cgroup of its own, as a container is, until it ends. Elsewhere Linux gives each session
 * a share of the CPU of its own (sched_autogroup), which slows a pipe between two sessions to a half, with or without a supervisor.
 * Does nothing where it may not, or is in one already.
 */
export function takeOwnShare(): void {
  const [, place] =
    /^\d+:cpu(?:,cpuacct)?:(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'latin1')) ?? []
  if (place !== '/') return
  const root = '/sys/fs/cgroup/cpu'
  const own = `${root}/bench-${process.pid}`
  try {
    mkdirSync(own)
    writeFileSync(`${own}/cgroup.procs`, `${process.pid}`)
  } catch {
    // It is not ours to change.
    return
  }
  process.once('exit', () => {
    writeFileSync(`${root}/cgroup.procs`, `${process.pid}`)
    try {
      rmdirSync(own)
    } catch {
      // Something that was killed has not ended yet.
    }
  })
}
