// Signals for a program that has hardly begun.
import { dirname } from 'node:path'
import type { Test } from 'tap'
import { fixture } from './fixtures.ts'
import { launch, plainEnv } from './launched.ts'
import { entry } from './ringmaster.ts'

export interface Early {
  readonly way: 'as PID 1' | 'as an ordinary process'
  /** How often it is started. */
  readonly tries: number
  /** What is sent, and how many ms after what was before it; first of all is the first instruction of the entry. */
  readonly signals: readonly (readonly [ms: number, signal: number])[]
  /** The path of the Node.js that is to run. */
  readonly node?: string
  /** What is started. */
  readonly program?: readonly string[]
}

/** How each start of `ringmaster ARGS` by its entry ended (an exit code, 128 + the signal that ended it, `lost`: not at all), how many did so, and all that they said. */
export async function sendEarly(
  t: Test,
  args: readonly string[],
  { way, tries, signals, node = process.execPath, program = [entry] }: Early,
): Promise<{ readonly ends: Readonly<Record<string, number>>; readonly output: string }> {
  const kind = way === 'as PID 1' ? 'pid1' : 'plain'
  const sent = signals.map(([ms, signal]) => `${ms}:${signal}`).join(',')
  const starts = [fixture('early'), kind, `${tries}`, sent, ...program, ...args]
  const env = { ...plainEnv, PATH: `${dirname(node)}:${plainEnv['PATH']}` }
  // The others are PID 1 of a namespace within this one.
  const run = launch(t, starts, { env })
  await run.ended(30_000 + tries * 15_000)
  const output = run.output()
  const ends = [...output.matchAll(/^end (\w+): (\d+)$/gm)].map(
    ([, end = '', count]) => [end, Number(count)] as const,
  )
  return { ends: Object.fromEntries(ends), output }
}

/** How many of these ends are those of a stop, with code `stopped`. What is not PID 1 ends by SIGTERM itself as long as it has no child. */
export function stops(
  ends: Readonly<Record<string, number>>,
  stopped: number,
  way: Early['way'],
): number {
  const codes = new Set(way === 'as PID 1' ? [stopped] : [stopped, 128 + 15])
  return [...codes].reduce((sum, code) => sum + (ends[code] ?? 0), 0)
}
