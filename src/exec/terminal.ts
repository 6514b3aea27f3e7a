import type { ChildRequest } from '../os/child.ts'
import { native } from '../os/native.ts'
import { giveUpTerminal } from '../os/terminal.ts'

/** Who has the terminal: the child's own session, the child's group in a session that somebody else leads, or nobody. */
export type Terminal =
  | { readonly kind: 'handedOver'; readonly fd: number }
  | { readonly kind: 'shared'; readonly wasForeground: boolean }
  | { readonly kind: 'none' }

/** Gives up the terminal where Ringmaster leads its session, so that the child can have it, job control included. */
export function prepareTerminal(): Terminal {
  const fd = giveUpTerminal([0, 1, 2])
  if (fd !== undefined) return { kind: 'handedOver', fd }
  const { sessionId, terminalSession, foregroundGroup, processGroup } = native()
  const session = sessionId()
  return session !== process.pid && terminalSession(0) === session
    ? { kind: 'shared', wasForeground: foregroundGroup(0) === processGroup() }
    : { kind: 'none' }
}

/** What the child needs for its place at the terminal. */
export function terminalRequest(
  terminal: Terminal,
): Pick<ChildRequest, 'session' | 'ownGroup' | 'terminal' | 'foreground'> {
  switch (terminal.kind) {
    case 'handedOver':
      return { session: true, terminal: terminal.fd }
    case 'shared':
      return { ownGroup: true, ...(terminal.wasForeground && { foreground: 0 }) }
    case 'none':
      return { session: true }
  }
}

/** The shell made our group the foreground group again: pass it on to the child's `group`. */
export function lendTerminal(terminal: Terminal, group: number): void {
  moveForeground(terminal, native().processGroup(), group)
}

/** The child's `group` stopped or ended: the terminal is ours again, for the shell to take. */
export function takeTerminalBack(terminal: Terminal, group: number): void {
  moveForeground(terminal, group, native().processGroup())
}

function moveForeground(terminal: Terminal, from: number, to: number): void {
  if (terminal.kind === 'shared' && native().foregroundGroup(0) === from) {
    native().setForegroundGroup(0, to)
  }
}
