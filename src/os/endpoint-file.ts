import {
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

/** Where the endpoint of a `run` listens. */
export interface EndpointAddress {
  readonly host: string
  readonly port: number
}

/**
 * Has `ringmaster probe` find the endpoint: writes its address into the first folder of {@link runFolders} that can be had, if there
 * is one. The last `run` that starts in a container is the one that is found. Returns what takes the file away again, if it is still ours.
 */
export function writeEndpointFile(
  { host, port }: EndpointAddress,
  folders: readonly string[] = runFolders(),
): () => void {
  for (const folder of folders) {
    const path = join(folder, fileName)
    const written = attempt(() => {
      makeOurs(folder)
      const draft = `${path}.${process.pid}`
      writeFileSync(draft, `${host} ${port}\n`, { mode: 0o600 })
      const { ino } = lstatSync(draft)
      renameSync(draft, path)
      return ino
    })
    if (written !== undefined) return () => remove(folder, path, written)
  }
  return () => {}
}

/** The address that was written, by root or by who we are, and in which file; undefined when there is none. */
export function readEndpointFile(
  folders: readonly string[] = runFolders(),
): (EndpointAddress & { readonly path: string }) | undefined {
  for (const folder of folders) {
    const path = join(folder, fileName)
    const text = attempt(() => {
      const { uid } = lstatSync(folder)
      return uid === 0 || uid === ownUid() ? readFileSync(path, 'utf8') : ''
    })
    const [, host, port] = /^(\S+) (\d{1,5})\n$/.exec(text ?? '') ?? []
    if (host !== undefined) return { host, port: Number(port), path }
  }
  return undefined
}

/** Where Ringmaster keeps what it is found by, in the order in which it is looked for. */
export function runFolders(): readonly string[] {
  const own = process.env['XDG_RUNTIME_DIR']
  const namespace = attempt(() => statSync('/proc/self/ns/mnt').ino)
  return [
    '/run/ringmaster',
    ...(own ? [join(own, 'ringmaster')] : []),
    ...(namespace === undefined ? [] : [`/dev/shm/ringmaster-${ownUid()}-${namespace}`]),
  ]
}

const fileName = 'endpoint'

/** Throws when `folder` is not a folder that only we can change: a link is none. */
function makeOurs(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const status = lstatSync(folder)
  if (!status.isDirectory() || status.uid !== ownUid() || (status.mode & 0o077) !== 0) {
    throw Object.assign(new Error(`${folder} is not ours`), { code: 'EPERM' })
  }
}

function remove(folder: string, path: string, ino: number): void {
  attempt(() => {
    if (lstatSync(path).ino !== ino) return
    unlinkSync(path)
    rmdirSync(folder)
  })
}

function ownUid(): number {
  return process.geteuid?.() ?? 0
}

/** Whatever the kernel refuses: no folder is required. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    return undefined
  }
}
