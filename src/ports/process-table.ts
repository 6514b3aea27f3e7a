/** Finds and signals processes. All look-ups are made when called; nothing is watched. */
export interface ProcessTable {
  /** Sends `signal` to `pid`; a process that is gone is no error. */
  signal(pid: number, signal: number): void
  /**
   * Pids that live of the tree of a run whose main process `leader` has ended: its session, and orphans that carry `runId` in
   * their environment, with all their descendants. `isMain` tells which pids are main processes of other runs.
   */
  treeOf(leader: number, runId: string, isMain: (pid: number) => boolean): readonly number[]
  /** Pids of everything that ends with Ringmaster: as PID 1 all others in the namespace, else its descendants. */
  everythingBelow(): readonly number[]
}
