import { readProc } from './procfs.ts'

// No secret: node:crypto would cost the first spawn 3 ms.
const start = Math.random().toString(36).slice(2, 14)

/** What a run has as RINGMASTER_RUN: its number, and what tells this start from others. */
export function runIdOf(run: number): string {
  return `${run}-${start}`
}

/** The RINGMASTER_RUN in the environment that `pid` was started with; undefined where there is none, or it cannot be read. */
export function readRunId(pid: number): string | undefined {
  return /(?:^|\0)RINGMASTER_RUN=([^\0]*)/.exec(readProc(`${pid}/environ`))?.[1]
}

/** Whether `pid` carries a run of this start. */
export function carriesOwnRun(pid: number): boolean {
  return readRunId(pid)?.endsWith(`-${start}`) ?? false
}
