import type { ExitSource } from '../ports/exit-source.ts'
import { native } from './native.ts'

/** Starts reaping. */
export function createExitSource(): ExitSource {
  const listeners: Parameters<ExitSource['onExit']>[0][] = []
  native().reap((pid, code, signal, owned) => {
    for (const listener of listeners) listener(pid, { code, signal }, !owned)
  })
  return {
    onExit(listener) {
      listeners.push(listener)
    },
  }
}
