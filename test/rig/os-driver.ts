import { join } from 'node:path'
import type { Test } from 'tap'
import type { Member } from '../../src/ports/process-table.ts'
import { root } from './fixtures.ts'
import { findRingmaster, launch } from './ringmaster.ts'
import { Running } from './running.ts'

const script = join(root, 'out', 'test', 'fixtures', 'os-driver.js')

/** The fixture os-driver: children, process table and guard in a process of their own, asked from here. */
export class Driver extends Running {
  /** Has the driver carry out one of its commands. */
  async ask<T>(name: string, ...args: readonly unknown[]): Promise<T> {
    this.type(`${JSON.stringify([name, ...args])}\n`)
    const [line] = await this.line(/^\{"result":.*\}$/)
    return JSON.parse(line).result as T
  }

  /** Starts a child in its own session; its pid. */
  spawn(command: readonly string[], options: object = {}): Promise<number> {
    return this.ask('spawn', command, options)
  }

  /** The pids of the tree of a run, whose output leads to `pipes`. `mains` are main processes of others. */
  async tree(
    leader: number,
    runId: string,
    mains: readonly number[] = [],
    pipes: readonly string[] = [],
  ): Promise<number[]> {
    const members = await this.ask<Member[]>('treeOf', leader, runId, mains, pipes)
    return members.map(({ pid }) => pid).sort(ascending)
  }

  /** The pids of all that a shutdown would end. */
  async below(): Promise<number[]> {
    return (await this.ask<number[]>('below')).sort(ascending)
  }

  /** Kills `pid`, a child, and waits until it is reaped. */
  async kill(pid: number): Promise<void> {
    await this.ask('signal', pid, 9)
    await this.hasReaped(pid)
  }

  /** The pid of the process of the guard, other than `before`. */
  guard(before: number | null = null): Promise<number> {
    return this.find('guard', (pid: number | null) => pid !== null && pid !== before && pid)
  }

  async hasReaped(pid: number): Promise<void> {
    await this.find('exits', (exits: readonly number[]) =>
      exits.some((one) => pid === Math.abs(one)),
    )
  }

  /** Asks again and again until `look` accepts the answer. */
  async find<T, R>(name: string, look: (answer: T) => R | undefined | false): Promise<R> {
    const end = performance.now() + 20_000
    for (;;) {
      const seen = look(await this.ask<T>(name))
      if (seen !== undefined && seen !== false) return seen
      if (performance.now() > end) throw new Error(`${name} does not say what is wanted`)
    }
  }
}

/** Starts the driver; `by` is what starts Node.js, such as what makes a PID namespace. */
export async function startDriver(
  t: Pick<Test, 'teardown'>,
  by: readonly string[] = [],
): Promise<Driver> {
  const driver = launch(t, [...by, process.execPath, script], Driver, {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  await driver.line(/^ready \d+$/)
  return findRingmaster(driver)
}

function ascending(a: number, b: number): number {
  return a - b
}
