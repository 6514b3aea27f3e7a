import type { ExitStatus } from '../lib/exit-codes.ts'

/** Tells of the end of processes by pid, whoever waited for them. */
export interface ExitSource {
  /**
   * Calls `listener` once for each process that ended and is reaped; `orphan`: nobody here started it, and its pid may be
   * that of a new process by now.
   */
  onExit(listener: (pid: number, status: ExitStatus, orphan: boolean) => void): void
}
