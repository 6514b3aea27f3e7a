import {
  close,
  fstat,
  fsync,
  open,
  read,
  readdir,
  rename,
  stat,
  unlink,
  write,
  writev,
} from 'node:fs'
import { promisify } from 'node:util'

/** Calls of node:fs on paths and descriptors, in the thread pool. Each rejects with the errors of node:fs. */
export type FileCalls = ReturnType<typeof makeFileCalls>

let made: FileCalls | undefined

/** Made when first used: node:fs/promises, and promises of node:fs that nobody asks for, would hold up the first spawn. */
export function fileCalls(): FileCalls {
  made ??= makeFileCalls()
  return made
}

function makeFileCalls() {
  return {
    open: promisify(open),
    close: promisify(close),
    stat: promisify(stat),
    fstat: promisify(fstat),
    read: promisify(read),
    write: promisify(write),
    writev: promisify(writev),
    fsync: promisify(fsync),
    readdir: promisify(readdir),
    rename: promisify(rename),
    unlink: promisify(unlink),
  }
}
