import { getSystemErrorName } from 'node:util'
import type { Readiness } from '../ports/readiness.ts'
import { native } from './native.ts'

const callbacks = new Map<number, () => void>()
let isStarted = false

/** Does not keep the event loop alive. */
export const readiness: Readiness = {
  onReadable(fd, callback) {
    if (!callbacks.has(fd)) expect(watch(fd, 1))
    callbacks.set(fd, callback)
  },
  onceWritable(fd, callback) {
    if (watch(fd, 2) < 0) return false
    callbacks.set(fd, () => {
      callbacks.delete(fd)
      callback()
    })
    return true
  },
  forget(fd) {
    if (callbacks.delete(fd)) expect(watch(fd, 0))
  },
}

function watch(fd: number, events: 0 | 1 | 2): number {
  // One that was forgotten in this very turn may still be reported.
  if (!isStarted) expect(native().onReady((ready) => callbacks.get(ready)?.()))
  isStarted = true
  return native().watch(fd, events)
}

function expect(result: number): void {
  if (result < 0) throw new Error(`cannot watch a descriptor: ${getSystemErrorName(result)}`)
}
