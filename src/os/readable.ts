import { getSystemErrorName } from 'node:util'
import { native } from './native.ts'

const listeners = new Map<number, () => void>()
let isListening = false

/** Calls `listener` once a turn of the event loop while `fd` can be read from, without keeping the loop alive; null: not any more, to be called before `fd` is closed. */
export function watchReadable(fd: number, listener: (() => void) | null): void {
  const isWatched = listeners.has(fd)
  if (listener === null) {
    if (isWatched) check(native().watchReadable(fd, 0))
    listeners.delete(fd)
    return
  }
  if (!isListening) {
    check(native().onReadable((readable) => listeners.get(readable)?.()))
    isListening = true
  }
  if (!isWatched) check(native().watchReadable(fd, 1))
  listeners.set(fd, listener)
}

function check(result: number): void {
  if (result < 0) throw new Error(`cannot watch a descriptor: ${getSystemErrorName(result)}`)
}
