import type { ChildProcess } from 'node:child_process'
import type { Writable } from 'node:stream'
import type { Test } from 'tap'
import { fixture } from './fixtures.ts'
import { launch } from './ringmaster.ts'
import { Running } from './running.ts'

/** A program on a terminal of its own: what is typed and what appears. The terminal echoes. */
export class OnTerminal extends Running {
  readonly #control: Writable

  constructor(child: ChildProcess) {
    super(child)
    this.#control = child.stdio[3] as Writable
  }

  /** Types `line` and Enter. */
  enter(line: string): void {
    this.type(`${line}\n`)
  }

  resize(rows: number, columns: number): void {
    this.#control.write(`${rows} ${columns}\n`)
  }
}

/** Before a command: has it lead a session with the terminal as its controlling one, as a container runtime does. */
export const lead = (): string => fixture('lead')

/** Starts `command` with a new terminal as descriptors 0 to 2; it leads no session unless {@link lead} stands before it. */
export function onTerminal(t: Pick<Test, 'teardown'>, command: readonly string[]): OnTerminal {
  const stdio = ['pipe', 'pipe', 'pipe', 'pipe'] as const
  return launch(t, [fixture('pty'), ...command], OnTerminal, {
    stdio,
    env: { TERM: 'dumb', PS1: '' },
  })
}
