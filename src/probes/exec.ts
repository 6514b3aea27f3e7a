import { signalName } from '../lib/signals.ts'
import type { Check } from '../plan/instance-spec.ts'
import type { CommandResult, Commands, RunningCommand } from '../ports/commands.ts'
import type { Outcome, ProbeTarget } from '../ports/prober.ts'

type ExecCheck = Extract<Check, { kind: 'exec' }>

/** Makes what runs a command for each try; exit code 0 is a success. The next one waits until the process of the last has ended, also when that was killed. */
export function createExecProbe(commands: Commands) {
  const last = new WeakMap<ExecCheck, RunningCommand>()
  return (
    check: ExecCheck,
    { spec, runId }: ProbeTarget,
    onEnd: (outcome: Outcome) => void,
  ): (() => void) => {
    let isOver = false
    let running: RunningCommand | undefined
    const begin = () => {
      if (isOver) return
      running = commands.run({ spec, runId, command: check.command }, (result) => {
        if (!isOver) onEnd(outcomeOf(result))
      })
      last.set(check, running)
    }
    const earlier = last.get(check)
    if (earlier) earlier.whenEnded(begin)
    else begin()
    return () => {
      isOver = true
      running?.kill()
    }
  }
}

/** What the kernel answers when it is short of something: see fork(2), pipe(2), execve(2). */
const passingErrnos: ReadonlySet<string> = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM'])

function outcomeOf({ end, output }: CommandResult): Outcome {
  if ('errno' in end) {
    // What we lack just now is not the fault of the process.
    const isOk = passingErrnos.has(end.errno) ? null : false
    return { isOk, detail: `${end.errno} ${end.step}` }
  }
  if (end.signal !== 0) return { isOk: false, detail: `ended by ${signalName(end.signal)}`, output }
  const detail = `exit code ${end.code}`
  return end.code === 0 ? { isOk: true, detail } : { isOk: false, detail, output }
}
