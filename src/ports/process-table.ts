/** Finds and signals processes. All look-ups are made when called; nothing is watched. */
export interface ProcessTable {
  /** Sends `signal` to `pid`, or to its whole process group; one that is gone is no error. */
  signal(pid: number, signal: number, to?: 'process' | 'group'): void
  /** Whether `pid` has a handler for `signal`; false also when there is no telling. */
  handles(pid: number, signal: number): boolean
  /**
   * What lives of the tree of a run whose main process `leader` has ended: its session, and orphans that carry `runId` in
   * their environment, with all their descendants. `isMain` tells which pids are main processes of other runs.
   */
  treeOf(leader: number, runId: string, isMain: (pid: number) => boolean): readonly Member[]
  /** Everything that ends with Ringmaster: as PID 1 all others in the namespace, else its descendants. */
  everythingBelow(): readonly Member[]
}

export interface Member {
  readonly pid: number
  readonly group: number
}
