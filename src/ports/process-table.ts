/** Finds and signals processes. All look-ups are made when called; nothing is watched. */
export interface ProcessTable {
  /**
   * Sends `signal` to a main process that is not reported as ended, so that nobody else can have its pid, or to the process
   * group that it leads; one that is gone is no error.
   */
  signal(pid: number, signal: number, to?: 'process' | 'group'): void
  /** The same, and has those go on that are suspended: until then it would wait. */
  stop(pid: number, signal: number, to: 'process' | 'group'): void
  /** Sends `signal` to what was found, and to nobody when its pid is somebody else's by now. */
  signalMember(member: Member, signal: number): void
  /** Whether `pid` has a handler for `signal`; false also when there is no telling. */
  handles(pid: number, signal: number): boolean
  /**
   * What lives of the tree of a run whose main process has ended: its session, and orphans that carry its mark, with all their
   * descendants. `isMain` tells which pids are main processes of other runs.
   */
  treeOf(run: RunMarks, isMain: (pid: number) => boolean): readonly Member[]
  /** Whether `pid` is of the tree of a run, whose main process lives or was reaped in this turn; undefined: there is no such process any more. */
  isOf(run: RunMarks, pid: number, isMain: (pid: number) => boolean): boolean | undefined
  /** Everything that ends with Ringmaster: as PID 1 all others in the namespace, else its descendants. Never the guard. */
  everythingBelow(): readonly Member[]
}

/** By what processes are known to belong to a run. */
export interface RunMarks {
  /** Its main process. */
  readonly pid: number
  /** Value of RINGMASTER_RUN in the environment. */
  readonly runId: string
  /**
   * Its stdout and stderr where they are its own, as /proc/PID/fd has them: `pipe:[7]`. Some servers leave its session and write
   * over their environment, PostgreSQL for one.
   */
  readonly pipes: readonly string[]
}

/** A process that was found alive. */
export interface Member {
  readonly pid: number
  readonly group: number
  /** Tells it from a later process with its pid, in clock ticks since the start of the machine; 0: /proc hides it. */
  readonly startTicks: number
}
