import type { ExitStatus } from '../lib/exit-codes.ts'
import type { InstanceSpec } from '../plan/instance-spec.ts'

/** Runs commands that have a result beside the main process of a run, with its rights, environment and folder. They belong to no tree. */
export interface Commands {
  /** Starts one; `onEnd` hears once what came of it, never before this returns. */
  run(request: CommandRequest, onEnd: (result: CommandResult) => void): RunningCommand
}

export interface CommandRequest {
  readonly spec: InstanceSpec
  /** Value of RINGMASTER_RUN in the environment of the run. */
  readonly runId: string
  /** Templates. */
  readonly command: InstanceSpec['command']
}

export interface RunningCommand {
  /** SIGKILL to its whole process group. */
  kill(): void
  /** Calls `callback` when its process has ended, at once if it has. */
  whenEnded(callback: () => void): void
}

export interface CommandResult {
  /** How it ended; or, where it was not executed, what the kernel refused: `errno` is a name such as ENOENT. */
  readonly end: ExitStatus | { readonly errno: string; readonly step: string }
  /** The first 4 KiB of what it wrote. */
  readonly output: string
}
