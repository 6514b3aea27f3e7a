import { lstatSync, mkdirSync, rmdirSync, statSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'

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

/** The control socket in one of them. */
export const controlSocketName = 'ringmaster.sock'

/** Throws when `folder` is not a folder that only we can change: a link is none. Makes it where it is missing. */
export function makeOurs(folder: string): void {
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

/** Whether what is in `folder` was put there by root or by who we are. */
export function isTrusted(folder: string): boolean {
  const uid = attempt(() => lstatSync(folder).uid)
  return uid === 0 || uid === ownUid()
}

/** Tells the file at `path` from others that may have its name later. The inode alone may be that of the next one. */
export function identityOf(path: string): string {
  const { ino, ctimeNs } = lstatSync(path, { bigint: true })
  return `${ino} ${ctimeNs}`
}

/** Removes the file at `path` if it is still the one with that identity; and its folder, where that is `ours` and empty then. */
export function removeOwn(path: string, identity: string, ours: string | null): void {
  attempt(() => {
    if (identityOf(path) !== identity) return
    unlinkSync(path)
    if (ours !== null) rmdirSync(ours)
  })
}

/** Undefined, whatever the kernel refuses: no folder is required. */
export function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    return undefined
  }
}

function ownUid(): number {
  return process.geteuid?.() ?? 0
}
