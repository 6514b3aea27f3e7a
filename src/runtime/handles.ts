import type { Clue } from '../core/events.ts'
import type { ExitStatus } from '../lib/exit-codes.ts'
import type { InstanceSpec } from '../plan/instance-spec.ts'
import type { OutputStream } from '../ports/output.ts'
import type { RunMarks } from '../ports/process-table.ts'

/** How a main process ended, and what else was seen of it. */
export interface Exit {
  readonly status: ExitStatus
  readonly clue: Clue | undefined
}

/** What Linux knows of a run, from its spawn until nothing of it lives and its output is read. */
export interface Handle extends RunMarks {
  readonly run: number
  spec: InstanceSpec
  /** null: none. */
  memoryLimitBytes: number | null
  readonly output: OutputStream
  /** The exec helper has turned into the command, or said why not. */
  isReported: boolean
  /** An end that came before that report. */
  earlyExit: Exit | null
  /** Its main process was sent SIGKILL. */
  isKilled: boolean
  /** What its tree was last told to end by; null before its main process has ended, and where it is left alone. */
  treeSignal: number | null
  isEmptied: boolean
  isOutputEnded: boolean
}

/** The handles of all runs. */
export class Handles {
  readonly #byRun = new Map<number, Handle>()
  /** Of main processes that are not waited for: another pid may be somebody else's by now. */
  readonly #byPid = new Map<number, Handle>()

  add(handle: Handle): void {
    this.#byRun.set(handle.run, handle)
    this.#byPid.set(handle.pid, handle)
  }

  get(run: number): Handle | undefined {
    return this.#byRun.get(run)
  }

  /** The same while its main process has not been waited for. */
  withMain(run: number): Handle | undefined {
    const handle = this.#byRun.get(run)
    return handle && this.#byPid.get(handle.pid) === handle ? handle : undefined
  }

  isMain(pid: number): boolean {
    return this.#byPid.has(pid)
  }

  /** The main process `pid` was waited for; the handle of its run. */
  takeMain(pid: number): Handle | undefined {
    const handle = this.#byPid.get(pid)
    this.#byPid.delete(pid)
    return handle
  }

  /** Its run is over when it is empty and read. */
  forgetIfOver({ run, isEmptied, isOutputEnded }: Handle): void {
    if (isEmptied && isOutputEnded) this.#byRun.delete(run)
  }

  all(): readonly Handle[] {
    return [...this.#byRun.values()]
  }
}
