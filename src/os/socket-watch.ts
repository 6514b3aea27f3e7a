import type { Sockets } from '../ports/sockets.ts'
import { readiness } from './readiness.ts'
import type { OpenSocket } from './sockets.ts'

interface Watch {
  readonly fds: readonly number[]
  readonly onConnection: () => void
}

/** Watches listening sockets. Who shares them notices nothing. */
export function createSocketWatch(open: readonly Pick<OpenSocket, 'name' | 'fd'>[]): Sockets {
  const watches = new Set<Watch>()

  function forget(watch: Watch): void {
    watches.delete(watch)
    for (const fd of watch.fds) if (!isWatched(fd)) readiness.forget(fd)
  }

  function isWatched(fd: number): boolean {
    return [...watches].some(({ fds }) => fds.includes(fd))
  }

  function onConnection(fd: number): void {
    const due = [...watches].filter(({ fds }) => fds.includes(fd))
    for (const watch of due) forget(watch)
    for (const watch of due) watch.onConnection()
  }

  return {
    watch(names, callback) {
      const fds = open.flatMap(({ name, fd }) => (names.includes(name) ? fd : []))
      const watch = { fds, onConnection: callback }
      watches.add(watch)
      for (const fd of fds) readiness.onReadable(fd, () => onConnection(fd))
      return () => {
        if (watches.has(watch)) forget(watch)
      }
    },
  }
}
