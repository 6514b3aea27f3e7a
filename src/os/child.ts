import type { ChildProcess } from 'node:child_process'
import { closeSync, existsSync } from 'node:fs'
import { constants } from 'node:os'
import { execHelperPath, native } from './native.ts'
import { readNow } from './read-now.ts'
import { readiness } from './readiness.ts'
import type { ResourceSteps } from './resources.ts'
import type { Rights } from './rights.ts'

/** What a child is started as. What is left out, or null, stays as Ringmaster has it. */
export interface ChildRequest extends Partial<Omit<Rights, 'userEnv'>>, Partial<ResourceSteps> {
  /** Found in the PATH of `env` when it has no slash. */
  readonly command: readonly [string, ...string[]]
  readonly env: NodeJS.ProcessEnv
  /** The child's descriptors 0, 1, 2 …; all others are closed. */
  readonly descriptors: readonly (number | 'ignore')[]
  /** The inheritable set, besides `capabilities`; null: as the other steps leave it. */
  readonly inheritable?: bigint | null
  /** Own session (setsid). */
  readonly session?: boolean
  /** Own process group in this session. */
  readonly ownGroup?: boolean
  /** Descriptor of the terminal that becomes the new session's controlling terminal. */
  readonly terminal?: number
  /** Descriptor of the terminal whose foreground group the child's becomes. */
  readonly foreground?: number
  readonly workingDir?: string
  /** Signals that it ignores, and that are blocked in it; without them there are none. */
  readonly signals?: SignalSets
  /** The command and the environment are as the entry has escaped them (src/native/bytes.h). */
  readonly isEscaped?: boolean
  /** What the child gets when Ringmaster dies. */
  readonly deathSignal?: number
  /** Names of variables that hold its own pid, added to `env`; 4 at most. */
  readonly pidVariables?: readonly string[]
}

/** Sets in hexadecimal digits, bit N-1 for signal N. */
export interface SignalSets {
  readonly ignored: string
  readonly blocked: string
}

export interface Child {
  readonly pid: number
  /** Read end of the pipe on which the exec helper reports: at its end without a byte when the command is executing. */
  readonly report: number
}

/** Why there is no child, or why the exec helper could not turn into the command: `errno` is a name such as ENOENT. */
export interface Refusal {
  readonly errno: string
  readonly step: string
}

/**
 * Starts a command by way of the exec helper. Its end is told by `native().reap`. When there is no process, `onRefused` is
 * called later, and null returned.
 */
export function startChild(
  request: ChildRequest,
  onRefused: (refusal: Refusal) => void,
): Child | null {
  const pipe = native().pipe()
  if (typeof pipe === 'number') {
    queueMicrotask(() => onRefused({ errno: errnoName(-pipe), step: 'pipe' }))
    return null
  }
  const [report, reportWrite] = pipe
  const child = spawnHelper(request, reportWrite)
  closeSync(reportWrite)
  if ('pid' in child && child.pid !== undefined) {
    ownSoon(child.pid)
    return { pid: child.pid, report }
  }
  closeSync(report)
  const refuse = (error: NodeJS.ErrnoException) =>
    onRefused({ errno: error.code ?? 'EIO', step: existsSync(blank) ? 'fork' : `open ${blank}` })
  if (child instanceof Error) queueMicrotask(() => refuse(child))
  else child.once('error', refuse)
  return null
}

let unowned: number[] = []

/** The addon looks children up before libuv can wait for them, which it does in a callback of its own: all that are started in this one at once. */
function ownSoon(pid: number): void {
  if (unowned.push(pid) > 1) return
  queueMicrotask(() => {
    native().own(unowned)
    unowned = []
  })
}

/** What libuv opens between fork and exec, and the only thing then that may be missing: the exec helper was looked for at the start. */
const blank = '/dev/null'

/** Reads the report pipe to its end and closes it; `onEnd` hears all of it. */
export function readReport(fd: number, onEnd: (text: string) => void): void {
  let text = ''
  readiness.onReadable(fd, () => {
    const bytes = readNow(fd)
    if (bytes !== null) {
      text += bytes.toString('latin1')
      return
    }
    readiness.forget(fd)
    closeSync(fd)
    onEnd(text)
  })
}

/** What the exec helper wrote on the report pipe; undefined when it wrote nothing. */
export function parseReport(text: string): Refusal | undefined {
  const match = /^(\d+) (\S+)\n$/.exec(text)
  return match ? { errno: errnoName(Number(match[1])), step: match[2] ?? '' } : undefined
}

/** `ENOENT` for 2. libuv's own table (`util.getSystemErrorName`) lacks some, such as ENOEXEC. */
function errnoName(errno: number): string {
  const known = Object.entries(constants.errno).find(([, number]) => number === errno)
  return known?.[0] ?? `errno ${errno}`
}

/** node:child_process throws for some errors of fork and emits others. */
function spawnHelper(request: ChildRequest, report: number): ChildProcess | NodeJS.ErrnoException {
  // Not before it is needed: it is a tenth of what a command takes that starts nothing.
  const { spawn } = process.getBuiltinModule('node:child_process')
  const { command, env, descriptors, pidVariables = [] } = request
  const options = helperOptions(request, descriptors.length)
  const blanks = Object.fromEntries(pidVariables.map((name) => [name, blankPid]))
  try {
    return spawn(execHelperPath(), [...options, '--', ...command], {
      env: pidVariables.length === 0 ? env : { ...env, ...blanks },
      stdio: [...descriptors, report],
    })
  } catch (error) {
    if (error instanceof Error && 'code' in error) return error as NodeJS.ErrnoException
    throw error
  }
}

/** The exec helper writes over it; as long as a pid can be. */
const blankPid = '0000000000'

/** What the exec helper is told before `-- COMMAND`, with the report behind the `kept` descriptors. See src/native/exec-helper.c. */
export function helperOptions(request: ChildRequest, kept: number): string[] {
  const { signals, isEscaped, session, ownGroup, terminal, foreground, workingDir, deathSignal } =
    request
  const { pidVariables = [] } = request
  const options = [`report=${kept}`, `fds=${kept}`]
  if (signals) options.push(`ignored=${signals.ignored}`, `blocked=${signals.blocked}`)
  if (isEscaped) options.push('bytes=1')
  if (session) options.push('session=1')
  if (ownGroup) options.push('group=1')
  if (terminal !== undefined) options.push(`terminal=${terminal}`)
  if (foreground !== undefined) options.push(`foreground=${foreground}`)
  options.push(...resourceOptions(request), ...rightsOptions(request))
  if (workingDir !== undefined) options.push(`cwd=${workingDir}`)
  if (deathSignal !== undefined) options.push(`deathsig=${deathSignal}:${process.pid}`)
  options.push(...pidVariables.map((name) => `pidin=${name}`))
  return options
}

function resourceOptions(request: Partial<ResourceSteps>): string[] {
  const { limits = [], nice = null, umask = null, ioPriority = null, cpuAffinity = null } = request
  const { oomScoreAdj = null, oomScoreAdjHint = null } = request
  return [
    ...limits.map(({ resource, soft, hard }) => `rlimit=${resource}:${soft}:${hard}`),
    ...(nice === null ? [] : [`nice=${nice}`]),
    ...(ioPriority === null ? [] : [`ionice=${ioPriority.class}:${ioPriority.level}`]),
    ...(cpuAffinity === null ? [] : [`affinity=${cpuAffinity}`]),
    ...(umask === null ? [] : [`umask=${umask.toString(8)}`]),
    ...(oomScoreAdj === null ? [] : [`oom=${oomScoreAdj}`]),
    ...(oomScoreAdjHint === null ? [] : [`oomhint=${oomScoreAdjHint}`]),
  ]
}

function rightsOptions(request: ChildRequest): string[] {
  const { user, bounding = null, inheritable = null, capabilities = null } = request
  const { noNewPrivileges } = request
  return [
    ...(user ? [`groups=${user.groups.join(',')}`, `gid=${user.gid}`, `uid=${user.uid}`] : []),
    ...(bounding === null ? [] : [`bounding=${bounding.toString(16)}`]),
    ...(inheritable === null ? [] : [`inheritable=${inheritable.toString(16)}`]),
    ...(capabilities === null ? [] : [`capabilities=${capabilities.toString(16)}`]),
    ...(noNewPrivileges ? ['nnp=1'] : []),
  ]
}
