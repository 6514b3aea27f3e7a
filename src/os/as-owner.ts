import { statSync } from 'node:fs'
import { native } from './native.ts'

/**
 * Root without CAP_SYS_PTRACE, as container runtimes have it, may not look into another user's process; that user may.
 * Undefined when it is gone, or is root's.
 */
export function asOwner<T>(pid: number, read: () => T): T | undefined {
  const owner = statSync(`/proc/${pid}`, { throwIfNoEntry: false })
  if (owner === undefined || owner.uid === 0) return undefined
  native().openFilesAs(owner.uid, owner.gid)
  try {
    return read()
  } finally {
    native().openFilesAs(0, process.getegid?.() ?? 0)
  }
}
