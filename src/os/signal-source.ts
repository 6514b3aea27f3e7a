import { constants } from 'node:os'
import { SIGRTMAX, SIGRTMIN } from '../lib/signals.ts'
import { native } from './native.ts'

const { SIGKILL, SIGCHLD, SIGSTOP, SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU } = constants.signals
const { SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS } = constants.signals

/** What keeps its default action: it cannot be listened to, suspends and resumes us, tells of children, or is a fault. */
const left: ReadonlySet<number> = new Set([
  ...[SIGKILL, SIGCHLD, SIGSTOP, SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU],
  ...[SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS],
])

/** Takes every other signal, so that none ends Ringmaster by its default action, and hands it to `listener`. */
export function listenToSignals(listener: (signal: number) => void): void {
  for (let signal = 1; signal <= SIGRTMAX; signal++) {
    if (!left.has(signal) && (signal <= 31 || signal >= SIGRTMIN)) {
      native().onSignal(signal, listener)
    }
  }
}
