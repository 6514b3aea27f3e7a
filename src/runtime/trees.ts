import type { Fact } from '../core/events.ts'
import type { Clock } from '../ports/clock.ts'
import type { Guard } from '../ports/guard.ts'
import type { Member, ProcessTable } from '../ports/process-table.ts'
import type { Handle, Handles } from './handles.ts'

export interface TreePorts {
  readonly clock: Clock
  readonly processes: ProcessTable
  readonly guard: Guard
  readonly post: (fact: Fact) => void
  readonly report: (error: unknown) => void
}

const SIGKILL = 9

/** Ends what main processes leave behind, and at last everything. It looks when something dies, and never on a timer. */
export class Trees {
  readonly #handles: Handles
  readonly #ports: TreePorts
  /** Of main processes that have ended and left something, which is to end too. */
  readonly #ending = new Set<Handle>()
  /** What all that is left was last told to end by. */
  #sweepSignal: number | null = null
  #isLookingSoon = false

  constructor(handles: Handles, ports: TreePorts) {
    this.#handles = handles
    this.#ports = ports
  }

  end(run: number, signal: number, sparesGroup: boolean): void {
    const handle = this.#handles.get(run)
    if (handle === undefined || handle.isEmptied) {
      this.#ports.post({ type: 'emptied', run })
      return
    }
    handle.treeSignal = signal
    this.#ending.add(handle)
    this.#look(handle, signal, sparesGroup)
  }

  /** What is left of the run may live on, and write. */
  abandon(run: number): void {
    const handle = this.#handles.get(run)
    if (handle) this.#leave(handle)
  }

  /** To what came of a main process that has not been waited for. */
  sendBelow(handle: Handle, signal: number): void {
    const isOther = (pid: number) => pid !== handle.pid && this.#handles.isMain(pid)
    const tree = this.#ports.processes.treeOf(handle, isOther)
    this.#send(
      tree.filter(({ pid }) => pid !== handle.pid),
      signal,
    )
  }

  sweep(signal: number): void {
    this.#sweepSignal = signal
    this.#sweep(signal)
  }

  /** Something died: trees that are being ended may be empty now. Once a turn, however many died in it. */
  lookSoon(): void {
    const isAwaited = this.#sweepSignal !== null || this.#ending.size > 0
    if (this.#isLookingSoon || !isAwaited) return
    this.#isLookingSoon = true
    this.#ports.clock.afterPoll(() => {
      this.#isLookingSoon = false
      for (const handle of [...this.#ending]) {
        this.#try(() => this.#look(handle, repeated(handle.treeSignal)))
      }
      if (this.#sweepSignal !== null) this.#try(() => this.#sweep(repeated(this.#sweepSignal)))
    })
  }

  #look(handle: Handle, signal: number | null, sparesGroup = false): void {
    const left = this.#ports.processes.treeOf(handle, (pid) => this.#handles.isMain(pid))
    if (left.length > 0) {
      this.#send(sparesGroup ? left.filter(({ group }) => group !== handle.pid) : left, signal)
      return
    }
    this.#leave(handle)
    this.#ports.post({ type: 'emptied', run: handle.run })
    handle.output.release()
  }

  #leave(handle: Handle): void {
    handle.isEmptied = true
    this.#ending.delete(handle)
    this.#ports.guard.forget(handle.pid)
    this.#handles.forgetIfOver(handle)
  }

  #sweep(signal: number | null): void {
    const left = this.#ports.processes.everythingBelow()
    if (left.length > 0) {
      this.#send(left, signal)
      return
    }
    for (const { output } of this.#handles.all()) output.release()
    this.#ports.post({ type: 'swept' })
  }

  #send(members: readonly Member[], signal: number | null): void {
    if (signal === null) return
    for (const member of members) {
      this.#try(() => this.#ports.processes.signalMember(member, signal))
    }
  }

  /** One that fails does not keep the others from their end. */
  #try(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#ports.report(error)
    }
  }
}

/** SIGKILL goes to each that is found: it may have been forked while the others were killed. A request to end is made once. */
function repeated(signal: number | null): number | null {
  return signal === SIGKILL ? signal : null
}
