import type { Draft } from './draft.ts'
import { start } from './run-start.ts'

/** Somebody has connected to a socket of `process`: what waits for that is started. */
export function connected(draft: Draft, process: string): void {
  const { watched } = draft.state
  if (!watched.includes(process)) return
  draft.state = { ...draft.state, watched: watched.filter((name) => name !== process) }
  draft.each((instance, spec) =>
    instance.process === process && instance.awaited === 'connection'
      ? start(instance, spec, draft, { reason: 'started by a connection' })
      : instance,
  )
}

/** Has the sockets watched of processes that wait for a connection, and no others. */
export function watchSockets(draft: Draft): void {
  const { instances, processes, watched } = draft.state
  const waiting = new Set(
    instances.flatMap(({ awaited, process }) => (awaited === 'connection' ? process : [])),
  )
  if (waiting.size === 0 && watched.length === 0) return
  for (const { name, sockets } of processes) {
    if (waiting.has(name) && !watched.includes(name)) {
      draft.want({ type: 'watchSockets', process: name, sockets })
    }
  }
  for (const process of watched) {
    if (!waiting.has(process)) draft.want({ type: 'unwatchSockets', process })
  }
  draft.state = { ...draft.state, watched: [...waiting] }
}
