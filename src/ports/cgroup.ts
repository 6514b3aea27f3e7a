/** What the kernel accounts to this container as a whole, as it is when asked. Undefined: it tells nothing, which is no error. */
export interface Cgroup {
  memoryBytes(): number | undefined
  /** The least of its own limit and those above it that can be seen; undefined also where there is none. */
  memoryLimitBytes(): number | undefined
  /** Processes of the container that the kernel has killed for want of memory; never falls. */
  oomKills(): number | undefined
  /** How many CPUs it may keep busy, fractions included: its quota, or the CPUs it may run on where those are fewer. */
  cpus(): number | undefined
}
