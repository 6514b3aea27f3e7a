/** Ends the process groups of children when Ringmaster dies without having done so. */
export interface Guard {
  /** `pid`, a child that is not reported as ended, leads a process group that must not outlive Ringmaster, or will in a moment. */
  watch(pid: number): void
  /** Nothing of the group of `pid` lives, or it may live on. */
  forget(pid: number): void
}
