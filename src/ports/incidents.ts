import type { Cause, Phase } from '../core/changes.ts'
import type { ProbeName } from '../plan/instance-spec.ts'

/** How runs ended that nobody had asked to end. */
export interface Incidents {
  /** Those of the process that are kept, oldest first: 10 at most. */
  of(process: string): readonly Incident[]
}

/**
 * The end of a run, but for one that was asked for, was due to its age, or was a success that is not followed by a restart. Plain data
 * of some 6 KiB at most, which holds nothing of an environment or a command line but what the process itself wrote.
 */
export interface Incident {
  readonly process: string
  /** `web.1` */
  readonly instance: string
  readonly run: number
  /** null: there was no process. */
  readonly pid: number | null
  /** When it was spawned, as Unix time in ms; null: it was not. */
  readonly startedAtMs: number | null
  /** When its main process ended, as Unix time in ms; where Ringmaster had ended it, when nothing of its tree lived. */
  readonly endedAtMs: number
  /** From one to the other, in ms, however the clock of the machine was set meanwhile. */
  readonly livedMs: number | null
  readonly cause: Cause
  /** Of its main process; null where it ended by a signal, or where there was none. */
  readonly code: number | null
  /** `SIGSEGV` */
  readonly signal: string | null
  /** SIGKILL was needed, to the main process or to what it left. */
  readonly killed: boolean
  /** `code 3`, `signal SIGKILL, killed by the kernel: out of memory`, `ENOENT command=./web`. */
  readonly text: string
  /** Why Ringmaster ended it, or what else was seen of its end: `liveness: HTTP 503 (3/3)`. */
  readonly reason: string | null
  /** The last result of each probe that was tried in it. */
  readonly probes: readonly LastProbe[]
  /** What it used when that was last looked at; null: nobody has. */
  readonly usage: LastUsage | null
  /** Its last lines, each with its newline: 3 KiB at most, without colours and what moves a cursor. */
  readonly stderr: string
  /** The same of its stdout, 1 KiB at most. */
  readonly stdout: string
  /** How often the instance was restarted, with what follows. */
  readonly restarts: number
  /** What the instance was in then: `backoff`, or `pending` where it is started again at once; `failed`, `stopped`. */
  readonly next: Phase
  /** Why: `restart limit: 20 within 600 s or in a row`, `waiting for db: ready`. */
  readonly nextReason: string | null
  /** The wait before the restart, in ms; null: there is none to come. */
  readonly delayMs: number | null
}

export interface LastUsage {
  /** When that was, as Unix time in ms. */
  readonly atMs: number
  /** `tree`: by it and what it had started, at a scrape of the metrics. `process`: by its main process, when Ringmaster was about to end it. */
  readonly of: 'tree' | 'process'
  /** User and system time until then, in seconds. */
  readonly cpuSeconds: number
  /** Memory at that moment, in bytes; of a tree, what its processes share is counted for each. */
  readonly residentBytes: number
}

export interface LastProbe {
  readonly probe: ProbeName
  /** When the try ended, as Unix time in ms. */
  readonly atMs: number
  /** null: it could not be tried. */
  readonly isOk: boolean | null
  /** `HTTP 503`; 200 characters at most. */
  readonly detail: string
}
