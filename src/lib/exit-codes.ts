/** Exit codes of Ringmaster itself, after sysexits(3); a child's own code is passed on as it is. */
export const ExitCode = {
  ok: 0,
  failed: 1,
  unreachable: 2,
  usage: 64,
  gaveUp: 69,
  internal: 70,
  notExecutable: 126,
  notFound: 127,
  refused: 78,
} as const

/** How a process ended: `code` when it left by itself (then `signal` is 0), else the number of the signal that ended it. */
export interface ExitStatus {
  readonly code: number
  readonly signal: number
}

/** The exit code that tells of this end, as shells do: the code, or 128 + the signal. */
export function toExitCode({ code, signal }: ExitStatus): number {
  return signal === 0 ? code : 128 + signal
}
