import type { InstanceSpec } from '../plan/instance-spec.ts'
import type { NotifySocket } from './notify-socket.ts'
import type { RunMarks } from './process-table.ts'

/** Starts main processes of runs. */
export interface Spawner {
  /**
   * Starts `spec` as run `run`; null when the kernel gives no process. `observer` hears exactly one of its calls, never
   * before this returns: `refused` after null, one of the other two else.
   */
  spawn(run: number, spec: InstanceSpec, observer: SpawnObserver): SpawnedProcess | null
}

export interface SpawnedProcess extends RunMarks {
  /** Read ends of the run's output, owned by the caller from now on; null where there is nothing to read. */
  readonly stdout: number | null
  readonly stderr: number | null
  /** Where it says how it is, owned by the caller from now on; null where it cannot. */
  readonly notify: NotifySocket | null
}

/** `errno` is a name such as ENOENT, `step` what was being done. */
export interface SpawnObserver {
  /** The command took the place of the exec helper. */
  executed(): void
  /** The exec helper could not set up or execute the command, and ends. */
  execFailed(errno: string, step: string): void
  /** There is no process. */
  refused(errno: string, step: string): void
}
