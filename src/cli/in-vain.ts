import { SupervisorError } from '../lib/errors.ts'
import type { Goal, Waited } from '../wire/commands.ts'

/** What a command fails with that waited for `goal`: why, and what is missing. */
export function inVain(
  command: string,
  goal: Goal,
  { result, missing }: Waited,
  timeoutSeconds: number,
): SupervisorError {
  const shown = missing.slice(0, mostShown).map((one) => `\n  ${one}`)
  const others = missing.length - shown.length
  const more = others > 0 ? `\n  and ${others} others` : ''
  const text = `${command}: not all ${goal}${whyNot(result, timeoutSeconds)}:${shown.join('')}${more}`
  return new SupervisorError('REQUEST_FAILED', text)
}

const mostShown = 10

function whyNot(result: Waited['result'], timeoutSeconds: number): string {
  switch (result) {
    case 'failed':
      return ', and they will not be'
    case 'timeout':
      return ` within ${timeoutSeconds} s`
    case 'ending':
      return ', as Ringmaster shuts down'
    case 'done':
      return ''
  }
}
