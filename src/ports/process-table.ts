/** Finds and signals processes. All look-ups are made when called; nothing is watched. */
export interface ProcessTable {
  /**
   * Sends `signal` to a main process that is not reported as ended, so that nobody else can have its pid, or to the process
   * group that it leads; one that is gone is no error.
   */
  signal(pid: number, signal: number, to?: 'process' | 'group'): void
  /** Sends `signal` to what was found, and to nobody when its pid is somebody else's by now. */
  signalMember(member: Member, signal: number): void
  /** Whether `pid` has a handler for `signal`; false also when there is no telling. */
  handles(pid: number, signal: number): boolean
  /**
   * What lives of the tree of a run whose main process `leader` has ended: its session, and orphans that carry `runId` in
   * their environment, with all their descendants. `isMain` tells which pids are main processes of other runs.
   */
  treeOf(leader: number, runId: string, isMain: (pid: number) => boolean): readonly Member[]
  /** Everything that ends with Ringmaster: as PID 1 all others in the namespace, else its descendants. Never the guard. */
  everythingBelow(): readonly Member[]
}

/** A process that was found alive. */
export interface Member {
  readonly pid: number
  readonly group: number
  /** Tells it from a later process with its pid, in clock ticks since the start of the machine; 0: /proc hides it. */
  readonly startTicks: number
}
