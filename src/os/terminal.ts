import { native } from './native.ts'

/** Gives up the terminal that one of `descriptors` is, where Ringmaster leads its session: a child can then have it with a session of its own, job control included. Returns that descriptor; undefined when there is no such terminal. */
export function giveUpTerminal(descriptors: readonly number[]): number | undefined {
  const { sessionId, terminalSession, releaseTerminal } = native()
  const session = sessionId()
  if (session !== process.pid) return undefined
  const fd = descriptors.find((candidate) => terminalSession(candidate) === session)
  return fd !== undefined && releaseTerminal(fd) === 0 ? fd : undefined
}
