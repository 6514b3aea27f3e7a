import type { Draft } from './draft.ts'
import * as lives from './instance.ts'
import { statusDue } from './notices.ts'
import { silenceEnded } from './notified.ts'
import * as starts from './run-start.ts'
import * as stops from './run-stop.ts'
import { end, force, outliveBudget, stopAll } from './shutdown.ts'
import { withdraw } from './withdrawal.ts'

/** The time of `key` has come. */
export function deadline(draft: Draft, key: string): void {
  const { phase, ending, withdrawal } = draft.state
  switch (key) {
    case 'drain':
      if (phase === 'draining') stopAll(draft)
      else if (phase === 'running' && withdrawal?.for === 'drain' && !withdrawal.isDrained) {
        withdraw(draft, { ...withdrawal, isDrained: true })
      }
      break
    case 'turn':
      draft.state = { ...draft.state, turnAtMonoMs: null }
      break
    case 'sweep':
      if (phase !== 'sweeping') break
      if (ending?.isForced) end(draft)
      else force(draft)
      break
    case 'budget':
      if (ending === null || phase === 'ended') break
      if (ending.isOverdue) end(draft)
      else outliveBudget(draft)
      break
    default:
      instanceDeadline(draft, key)
  }
}

function instanceDeadline(draft: Draft, key: string): void {
  const [name = '', purpose] = key.split('/')
  draft.withInstance(name, (instance, spec) => {
    switch (purpose) {
      case 'kill':
        return stops.graceEnded(instance, spec, draft)
      case 'hook':
        return stops.hookTimeEnded(instance, spec, draft)
      case 'age':
        return lives.grownOld(instance)
      case 'notify':
        return silenceEnded(instance, spec, draft)
      case 'status':
        return statusDue(instance, draft)
      default:
        return starts.waitEnded(instance, spec, draft)
    }
  })
}
