import {
  closeSync,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { attempt, isTrusted, makeOurs, runFolders } from './run-folders.ts'

/** Where the endpoint of a `run` listens. */
export interface EndpointAddress {
  readonly host: string
  readonly port: number
}

/** What `ringmaster probe` finds the endpoint by. */
export interface EndpointFile {
  /** Null: there is no endpoint. Also when root was given up since the file was made. */
  write(address: EndpointAddress | null): void
  /** Takes the file away, if it is still ours. */
  remove(): void
}

/**
 * A file in the first folder of {@link runFolders} that can be had, if there is one, made when there is something to write. The last `run`
 * that starts in a container is the one that is found.
 */
export function createEndpointFile(folders: readonly string[] = runFolders()): EndpointFile {
  let made: { readonly fd: number; readonly path: string } | undefined
  return {
    write(address) {
      if (made) {
        const { fd } = made
        attempt(() => writeSync(fd, lineOf(address), 0))
      } else if (address) {
        for (const folder of folders) made ??= attempt(() => make(folder, lineOf(address)))
      }
    },
    remove() {
      if (made === undefined) return
      const { fd, path } = made
      made = undefined
      attempt(() => {
        if (isSame(fd, path)) {
          unlinkSync(path)
          rmdirSync(dirname(path))
        }
      })
      closeSync(fd)
    },
  }
}

/** The address that was written, by root or by who we are, and in which file; undefined when there is none. */
export function readEndpointFile(
  folders: readonly string[] = runFolders(),
): (EndpointAddress & { readonly path: string }) | undefined {
  for (const folder of folders) {
    const path = join(folder, fileName)
    const text = attempt(() => (isTrusted(folder) ? readFileSync(path, 'utf8') : ''))
    const [, host, port] = /^(\S+) (\d{1,5}) *\n$/.exec(text ?? '') ?? []
    if (host !== undefined) return { host, port: Number(port), path }
  }
  return undefined
}

const fileName = 'endpoint'

/** Of one length, so that a write replaces it whole: a name of a host has 253 characters at most. */
function lineOf(address: EndpointAddress | null): string {
  const text = address === null ? '' : `${address.host} ${address.port}`
  return `${text.padEnd(260)}\n`
}

function make(folder: string, line: string): { fd: number; path: string } {
  makeOurs(folder)
  const path = join(folder, fileName)
  const draft = `${path}.${process.pid}`
  attempt(() => unlinkSync(draft))
  const fd = openSync(draft, 'wx', 0o600)
  writeSync(fd, line, 0)
  renameSync(draft, path)
  return { fd, path }
}

/** An inode is nobody else's as long as we hold it. */
function isSame(fd: number, path: string): boolean {
  const [ours, there] = [fstatSync(fd), lstatSync(path)]
  return ours.dev === there.dev && ours.ino === there.ino
}
