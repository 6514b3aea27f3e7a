import type { Config } from '../config/schema.ts'
import { parseSignal, SIGRTMAX, SIGRTMIN } from '../lib/signals.ts'
import type { Plan, SignalAction } from './plan.ts'

const realTime = Array.from({ length: SIGRTMAX - SIGRTMIN + 1 }, (_, n) => `RTMIN+${n}`)
/** Stops, CONT, CHLD and the fault signals are not in here: the kernel's own action is the right one. */
const usual: readonly (readonly [SignalAction, readonly string[]])[] = [
  ['forward', ['USR1', 'USR2', 'WINCH', ...realTime]],
  ['shutdown', ['TERM', 'INT', 'QUIT', 'RTMIN+3']],
  ['reload', ['HUP']],
  ['ignore', ['PIPE', 'ALRM', 'STKFLT', 'URG', 'XCPU', 'XFSZ', 'VTALRM', 'PROF', 'IO', 'PWR']],
]

/**
 * What each signal to Ringmaster does, with what is `written` over the usual. One that is taken for another has that one's action;
 * if that is taken for a third, its usual one. Pure.
 */
export function toSignals(written: Config['signals'] = {}): Plan['signals'] {
  const actions = new Map<number, SignalAction>()
  for (const [action, names] of usual) {
    for (const name of names) actions.set(numberOf(name), action)
  }
  const entries = Object.entries(written)
  for (const [name, action] of entries) if (isAction(action)) actions.set(numberOf(name), action)
  const rules = [...actions].map(([signal, action]) => [signal, { action, signal }] as const)
  const rewritten = entries
    .filter(([, value]) => !isAction(value))
    .map(([name, target]) => {
      const signal = numberOf(target)
      return [numberOf(name), { action: actions.get(signal) ?? 'ignore', signal }] as const
    })
  return Object.fromEntries([...rules, ...rewritten])
}

function isAction(value: string): value is SignalAction {
  return !value.startsWith('SIG')
}

function numberOf(name: string): number {
  const signal = parseSignal(name)
  // The schema knows no other names.
  if (signal === undefined) throw new Error(`no signal ${name}`)
  return signal
}
