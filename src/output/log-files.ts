import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  openSync,
  realpathSync,
  statSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { errnoOf, SupervisorError } from '../lib/errors.ts'
import type { FileTarget } from '../plan/instance-spec.ts'
import { type FileUse, logFilesOf } from '../plan/log-files.ts'
import type { Plan } from '../plan/plan.ts'
import type { Clock } from '../ports/clock.ts'
import { createCompress } from './compress.ts'
import { createDisk, type Lock, logFlags, logMode } from './disk.ts'
import { createLogFile, type LogFile } from './log-file.ts'
import { createRotation } from './rotation.ts'

/** All files that output goes to. */
export interface LogFiles {
  /** The file of a stream; one that the plan did not name, or names otherwise by now, is made. */
  open(use: FileUse): OpenedFile
  /** There is no such instance any more. */
  forget(instance: string): void
  /** To be called when others have renamed them. */
  reopen(): void
  /** Resolves when everything is written, or after `deadlineMs`. */
  flush(deadlineMs: number): Promise<void>
}

export interface LogFilesOptions {
  readonly clock: Clock
  readonly lock: Lock
  /** Hears of what cannot be rotated or compressed. */
  readonly tell: (problem: string) => void
}

/** Who writes to one path has one `file`: only who knows of all that is written can rotate without loss. */
export interface OpenedFile {
  readonly use: FileUse
  readonly file: LogFile
}

interface KnownFile extends OpenedFile {
  readonly path: string
}

/** What is at one path. */
interface SharedFile {
  readonly file: LogFile
  /** Of the user that came last. */
  target: FileTarget
  readonly users: Set<string>
}

/**
 * Makes the files that `plan` names, where they are missing. Throws `START_REFUSED` with all that is wrong, one line each: what
 * could not be written or rotated later, and a file that has two names in the plan.
 */
export function openLogFiles(
  plan: Pick<Plan, 'processes'>,
  { clock, lock, tell }: LogFilesOptions,
): LogFiles {
  const disk = createDisk(lock)
  const compress = createCompress(disk)
  const known = new Map<string, KnownFile>()
  const files = new Map<string, SharedFile>()

  function make(path: string, wanted: FileTarget): SharedFile {
    const target = () => made.target
    const rotation = createRotation(path, target, disk, compress, tell)
    const file = createLogFile({ path, target, rotation, disk, clock })
    const made: SharedFile = { file, target: wanted, users: new Set() }
    files.set(path, made)
    return made
  }

  function add(use: FileUse, path: string): OpenedFile {
    const key = keyOf(use)
    const shared = files.get(path) ?? make(path, use.target)
    shared.target = use.target
    shared.users.add(key)
    shared.file.hold()
    const before = known.get(key)
    if (before && before.path !== path) leave(key, before)
    const opened = { use, path, file: shared.file }
    known.set(key, opened)
    return opened
  }

  function leave(key: string, { path }: KnownFile): void {
    const shared = files.get(path)
    shared?.users.delete(key)
    if (shared?.users.size !== 0) return
    shared.file.release(() => {
      if (files.get(path) === shared) files.delete(path)
    })
  }

  const taken = new Map<string, string>([
    [identify(fstatSync(1)), "Ringmaster's own stdout"],
    [identify(fstatSync(2)), "Ringmaster's own stderr"],
  ])
  const problems: string[] = []
  for (const use of logFilesOf(plan)) {
    const { instance, stream, target } = use
    const refuse = (why: string) =>
      problems.push(`cannot write ${stream} of ${instance} to ${target.file}: ${why}`)
    try {
      const { path, identity } = prepare(use)
      const other = taken.get(identity)
      if (other !== undefined) refuse(`it is ${other}`)
      taken.set(identity, `${stream} of ${instance} too`)
      add(use, path)
    } catch (error) {
      refuse(error instanceof Refusal ? error.message : describe(errnoOf(error), target.file))
    }
  }
  if (problems.length > 0) throw new SupervisorError('START_REFUSED', problems.join('\n'))
  return {
    open(use) {
      const opened = known.get(keyOf(use))
      if (opened && isSameTarget(opened.use.target, use.target)) return opened
      return add(use, pathOf(use))
    },
    forget(instance) {
      for (const stream of ['stdout', 'stderr'] as const) {
        const key = keyOf({ instance, stream })
        const opened = known.get(key)
        known.delete(key)
        if (opened) leave(key, opened)
      }
    },
    reopen() {
      for (const { file } of files.values()) file.reopen()
    },
    async flush(deadlineMs) {
      await Promise.all([...files.values()].map(({ file }) => file.flush(deadlineMs)))
    },
  }
}

function keyOf({ instance, stream }: Pick<FileUse, 'instance' | 'stream'>): string {
  return `${instance} ${stream}`
}

function isSameTarget(one: FileTarget, other: FileTarget): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

/** Of a file that cannot be had now, what was written: whatever is wrong is told when lines come. */
function pathOf(use: FileUse): string {
  try {
    return prepare(use).path
  } catch {
    return use.target.file
  }
}

class Refusal extends Error {}

function prepare({ target }: FileUse): { readonly path: string; readonly identity: string } {
  const { file, maxBytes, maxAgeMs } = target
  const before = statSync(file, { throwIfNoEntry: false })
  if (before && !before.isFile()) {
    throw new Refusal(
      "it is no regular file; where the lines shall go to Ringmaster's own, write capture",
    )
  }
  // A link to a file that is not there yet is refused by O_NOFOLLOW.
  const path = before ? realpathSync(file) : join(realpathSync(dirname(file)), basename(file))
  const fd = openSync(path, logFlags, logMode)
  try {
    if (maxBytes > 0 || maxAgeMs > 0) accessSync(dirname(path), constants.W_OK | constants.X_OK)
    return { path, identity: identify(fstatSync(fd)) }
  } finally {
    closeSync(fd)
  }
}

function identify({ dev, ino }: { readonly dev: number; readonly ino: number }): string {
  return `${dev}:${ino}`
}

function describe(errno: string, file: string): string {
  switch (errno) {
    case 'ENOENT':
      return `there is no folder ${dirname(file)}`
    case 'EACCES':
      return `user ${process.geteuid?.()} may not write it, or may not rotate it for want of rights to ${dirname(file)} (maxBytes: 0 never rotates)`
    case 'ELOOP':
      return 'it is a link that leads nowhere'
    default:
      return errno
  }
}
