import type { Test } from 'tap'
import { native } from '../../src/os/native.ts'

/** The end that is read from, and the one that is written to. */
export function openPipe(): readonly [number, number] {
  const pipe = native().pipe()
  if (typeof pipe === 'number') throw new Error(`no pipe: ${pipe}`)
  return pipe
}

/** Keeps the event loop alive until the test ends: pipes that are watched do not. */
export function stayAlive(t: Pick<Test, 'teardown'>): void {
  const alive = setInterval(() => {}, 1000)
  t.teardown(() => clearInterval(alive))
}
