import { getSystemErrorName } from 'node:util'
import type { Readiness } from '../ports/readiness.ts'
import { native } from './native.ts'

/** To be made once. Does not keep the event loop alive. */
export function createReadiness(): Readiness {
  const { onReady, watch } = native()
  const callbacks = new Map<number, () => void>()
  // One that was forgotten in this very turn may still be reported.
  expect(onReady((fd) => callbacks.get(fd)?.()))
  return {
    onReadable(fd, callback) {
      callbacks.set(fd, callback)
      expect(watch(fd, 1))
    },
    onceWritable(fd, callback) {
      if (watch(fd, 2) < 0) return false
      callbacks.set(fd, callback)
      return true
    },
    forget(fd) {
      callbacks.delete(fd)
      expect(watch(fd, 0))
    },
  }
}

function expect(result: number): void {
  if (result < 0) throw new Error(`cannot watch a descriptor: ${getSystemErrorName(result)}`)
}
