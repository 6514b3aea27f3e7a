import type { SignalRule } from '../plan/plan.ts'
import { apply } from './apply.ts'
import type { Draft } from './draft.ts'
import type { Reading } from './events.ts'
import { shutDownBySignal } from './shutdown.ts'

/** A signal to Ringmaster itself. */
export function signalled(draft: Draft, signal: number): void {
  const rule = draft.state.signals[signal]
  if (rule === undefined || draft.state.phase === 'ended') return
  switch (rule.action) {
    case 'shutdown':
      shutDownBySignal(draft, rule.signal)
      break
    case 'reload':
      readConfig(draft)
      break
    case 'reopen-logs':
      draft.want({ type: 'reopenLogs' })
      break
    case 'forward':
    case 'forward-always':
      forward(draft, rule)
      break
    case 'ignore':
      break
  }
}

function forward(draft: Draft, { action, signal }: SignalRule): void {
  for (const { phase, live } of draft.state.instances) {
    if (phase !== 'running' || live === null) continue
    const { run } = live
    draft.want(
      action === 'forward'
        ? { type: 'offer', run, signal }
        : { type: 'signal', run, signal, to: 'process' },
    )
  }
}

/** Signals that come while the files are read lead to one more reading. */
function readConfig(draft: Draft): void {
  if (draft.state.phase !== 'running') return
  if (draft.state.reading === 'no') draft.want({ type: 'readConfig' })
  draft.state = { ...draft.state, reading: draft.state.reading === 'no' ? 'once' : 'again' }
}

export function configRead(draft: Draft, reading: Reading): void {
  const isAgain = draft.state.reading === 'again'
  if (draft.state.reading === 'no') return
  draft.state = { ...draft.state, reading: 'no' }
  if (reading.problem === null) apply(draft, reading.plan, 'reload')
  else draft.tell({ type: 'config', problem: reading.problem, diff: null, by: 'reload' })
  if (isAgain) readConfig(draft)
}
