import type { InstanceSpec } from '../plan/plan.ts'

/** Starts main processes of runs. */
export interface Spawner {
  /**
   * Starts `spec` as run `run`. Throws {@link SpawnRefusal} when the kernel gives no process.
   * `observer` hears exactly one of its two calls, never before this returns.
   */
  spawn(run: number, spec: InstanceSpec, observer: SpawnObserver): SpawnedProcess
}

export interface SpawnedProcess {
  readonly pid: number
  /** Read ends of the run's output, owned by the caller from now on. */
  readonly stdout: number
  readonly stderr: number
}

export interface SpawnObserver {
  executed(): void
  /** `errno` is a name such as ENOENT, `step` what the exec helper was doing. */
  execFailed(errno: string, step: string): void
}

/** No process was made: `errno` (EAGAIN, EMFILE, ENOMEM …) says why, `step` what was being done. */
export interface SpawnRefusal {
  readonly errno: string
  readonly step: string
}
