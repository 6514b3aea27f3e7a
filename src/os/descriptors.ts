import { closeSync, fchmodSync, fchownSync } from 'node:fs'
import { getSystemErrorName } from 'node:util'
import type { InstanceSpec, LogsSpec } from '../plan/instance-spec.ts'
import { native } from './native.ts'
import type { User } from './users.ts'

/** What a child has as its descriptors 0 to 2, and what becomes of it here. */
export interface Descriptors {
  readonly child: readonly (number | 'ignore')[]
  /** To be closed when the child has them. */
  readonly writeEnds: readonly number[]
  /** Where its output is read; null: it goes elsewhere. */
  readonly stdout: number | null
  readonly stderr: number | null
}

/** Makes a pipe for each output that is captured, which `user` can open too (/dev/stdout); or returns the name of the errno. */
export function openDescriptors(
  { stdin, logs }: Pick<InstanceSpec, 'stdin' | 'logs'>,
  user: User | null,
): Descriptors | string {
  const stdout = isRead(logs.stdout) ? openPipe(user) : null
  if (typeof stdout === 'string') return stdout
  const stderr = isRead(logs.stderr) ? openPipe(user) : null
  if (typeof stderr === 'string') {
    for (const fd of stdout ? [stdout.read, stdout.write] : []) closeSync(fd)
    return stderr
  }
  const first = stdout?.write ?? (logs.stdout === 'inherit' ? 1 : 'ignore')
  const own = logs.stderr === 'inherit' ? 2 : 'ignore'
  const second = logs.stderr === 'stdout' ? first : (stderr?.write ?? own)
  return {
    child: [stdin === 'inherit' ? 0 : 'ignore', first, second],
    writeEnds: [stdout, stderr].flatMap((pipe) => (pipe ? [pipe.write] : [])),
    stdout: stdout?.read ?? null,
    stderr: stderr?.read ?? null,
  }
}

/** What goes to a file comes to us first. */
function isRead(target: LogsSpec['stderr']): boolean {
  return target === 'capture' || typeof target === 'object'
}

interface Pipe {
  readonly read: number
  readonly write: number
}

function openPipe(user: User | null): Pipe | string {
  const pipe = native().pipe()
  if (typeof pipe === 'number') return getSystemErrorName(pipe)
  const [read, write] = pipe
  if (user) giveAway(write, user)
  return { read, write }
}

function giveAway(fd: number, { uid, gid }: User): void {
  try {
    fchownSync(fd, uid, gid)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error
    // Without CAP_CHOWN it is opened to all. They reach it through /proc alone, where it is closed to other users.
    fchmodSync(fd, 0o622)
  }
}
