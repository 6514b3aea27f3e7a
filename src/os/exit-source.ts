import type { ExitSource } from '../ports/exit-source.ts'
import { native } from './native.ts'

/** Starts reaping. */
export function createExitSource(): ExitSource {
  return {
    onExit(listener) {
      native().reap((pid, code, signal, owned) => listener(pid, { code, signal }, !owned))
    },
  }
}
