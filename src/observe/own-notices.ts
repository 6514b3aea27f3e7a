import type { Change } from '../core/changes.ts'
import type { View } from '../core/view.ts'
import type { Clock } from '../ports/clock.ts'
import type { ServiceManager } from '../ports/service-manager.ts'

export interface OwnNoticesOptions {
  readonly manager: ServiceManager
  readonly clock: Pick<Clock, 'now' | 'at' | 'afterPoll'>
  readonly view: () => View
  /** How long a shutdown may take. */
  readonly shutdownMs: number
  /** Nothing more can be told; called once. */
  readonly onLost: (errno: string) => void
}

/** How long one that has no room is left alone. */
const retryMs = 100

/**
 * Tells the service manager what a service tells it: that all essential processes have been ready once, as `/startupz` has it; that a shutdown has
 * begun, and how long it may take; in a line how many processes are ready; and signs of life twice in the time for one, if it wants any.
 * Call `begin` when the view can be asked for.
 */
export function createOwnNotices({ manager, clock, view, shutdownMs, onLost }: OwnNoticesOptions): {
  begin(): void
  change(change: Change): void
} {
  /** What was not sent yet, by the name of the variable. */
  const unsent = new Map<string, string>()
  let status = ''
  let isReady = false
  let isStopping = false
  let isLooking = false
  let isRetrying = false
  let isLost = false

  function send(): void {
    if (isLost || isRetrying || unsent.size === 0) return
    const errno = manager.send([...unsent].map(([name, value]) => `${name}=${value}`).join('\n'))
    if (errno === null) {
      unsent.clear()
    } else if (errno === 'EAGAIN' || errno === 'ENOBUFS') {
      isRetrying = true
      clock.at(clock.now().monoMs + retryMs, () => {
        isRetrying = false
        send()
      })
    } else {
      isLost = true
      onLost(errno)
    }
  }

  function look(): void {
    const { isStarted, processes } = view()
    if (isStarted && !isReady) unsent.set('READY', '1')
    isReady ||= isStarted
    const ready = processes.filter((process) => process.isReady).length
    tellStatus(`${ready} of ${processes.length} processes ready`)
  }

  function tellStatus(now: string): void {
    if (now !== status) unsent.set('STATUS', now)
    status = now
    send()
  }

  function feed(everyMs: number): void {
    if (isLost) return
    unsent.set('WATCHDOG', '1')
    send()
    clock.at(clock.now().monoMs + everyMs, () => feed(everyMs))
  }

  return {
    begin() {
      if (manager.watchdogMs !== null) feed(manager.watchdogMs / 2)
    },

    change(change) {
      if (isLost || isStopping) return
      if (change.type === 'supervisor' && change.phase !== 'running') {
        isStopping = true
        unsent.set('STOPPING', '1')
        unsent.set('EXTEND_TIMEOUT_USEC', `${Math.round(shutdownMs * 1000)}`)
        tellStatus(`shutting down: ${oneLine(change.reason)}`)
        return
      }
      // Of each turn once, and not at each try of a probe.
      if (isLooking || (change.type === 'probe' && change.isReady === undefined)) return
      isLooking = true
      clock.afterPoll(() => {
        isLooking = false
        if (!isStopping) look()
      })
    },
  }
}

function oneLine(text: string): string {
  return text.slice(0, 200).replaceAll('\n', ' ')
}
