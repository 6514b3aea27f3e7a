import type { Draft } from './draft.ts'
import { start } from './run-start.ts'
import { count } from './tally.ts'

/** Somebody has connected to a socket of `process`: what waits for that is started. */
export function connected(draft: Draft, process: string): void {
  const { [process]: sockets, ...others } = draft.state.watched
  if (sockets === undefined) return
  draft.state = { ...draft.state, watched: others }
  draft.each((instance, spec) =>
    instance.process === process && instance.awaited === 'connection'
      ? start(instance, spec, draft, { reason: 'started by a connection' })
      : instance,
  )
}

/** Has the sockets watched of processes that wait for a connection, and no others. */
export function watchSockets(draft: Draft): void {
  const { instances, watched } = draft.state
  if (count(instances, 'isOnCall') === 0 && Object.keys(watched).length === 0) return
  const waiting = instances.filter(({ awaited }) => awaited === 'connection')
  const wanted = Object.fromEntries(
    waiting.map((instance) => [instance.process, draft.specOf(instance).sockets]),
  )
  for (const [process, sockets] of Object.entries(watched)) {
    if (wanted[process]?.join() !== sockets.join()) draft.want({ type: 'unwatchSockets', process })
  }
  for (const [process, sockets] of Object.entries(wanted)) {
    if (watched[process]?.join() === sockets.join()) continue
    draft.want({ type: 'watchSockets', process, sockets })
  }
  draft.state = { ...draft.state, watched: wanted }
}
