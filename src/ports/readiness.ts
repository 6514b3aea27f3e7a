/** Tells when descriptors can be read and written, and leaves them as they are for those who share them. */
export interface Readiness {
  /** Calls `callback` in each turn of the event loop in which `fd` has something to read or is at its end, until {@link forget}; a second call replaces it. */
  onReadable(fd: number, callback: () => void): void
  /** Calls `callback` once, when `fd` takes something or has no reader any more. False: nothing tells that of such a descriptor. */
  onceWritable(fd: number, callback: () => void): boolean
  /** To be called before `fd` is closed. */
  forget(fd: number): void
}
