import type { Readiness } from '../../src/ports/readiness.ts'

/** Of descriptors of which nothing can tell when they are ready. */
export const untold: Readiness = {
  onReadable() {
    throw new Error('nothing tells when it can be read')
  },
  onceWritable: () => false,
  forget() {},
}
