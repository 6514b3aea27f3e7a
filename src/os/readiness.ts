import { getSystemErrorName } from 'node:util'
import type { Readiness } from '../ports/readiness.ts'
import { native } from './native.ts'

const callbacks = new Map<number, () => void>()
let isStarted = false

export interface OwnReadiness extends Readiness {
  /** Calls `callback` once, when `fd` has something to read or is at its end. */
  onceReadable(fd: number, callback: () => void): void
}

/** Does not keep the event loop alive. */
export const readiness: OwnReadiness = {
  onReadable(fd, callback) {
    if (!callbacks.has(fd)) expect(watch(fd, 1))
    callbacks.set(fd, callback)
  },
  onceWritable(fd, callback) {
    if (watch(fd, 2) < 0) return false
    callOnce(fd, callback)
    return true
  },
  onceReadable(fd, callback) {
    expect(watch(fd, 3))
    callOnce(fd, callback)
  },
  forget(fd) {
    if (callbacks.delete(fd)) expect(watch(fd, 0))
  },
}

function callOnce(fd: number, callback: () => void): void {
  callbacks.set(fd, () => {
    callbacks.delete(fd)
    callback()
  })
}

function watch(fd: number, events: 0 | 1 | 2 | 3): number {
  // One that was forgotten in this very turn may still be reported.
  if (!isStarted) expect(native().onReady((ready) => callbacks.get(ready)?.()))
  isStarted = true
  return native().watch(fd, events)
}

function expect(result: number): void {
  if (result < 0) throw new Error(`cannot watch a descriptor: ${getSystemErrorName(result)}`)
}
