import { closeSync } from 'node:fs'
import { SupervisorError } from '../lib/errors.ts'
import { toExitCode } from '../lib/exit-codes.ts'
import { parseSignal } from '../lib/signals.ts'
import { type ChildRequest, helperOptions, parseReport, type Refusal } from './child.ts'
import { likenessOf } from './likeness.ts'
import { execHelperPath, native } from './native.ts'
import { type Standing, standingOf } from './standing.ts'

/** A process that a command is to be like. */
export interface Model {
  /** For errors. */
  readonly name: string
  readonly pid: number
}

/**
 * What a command beside a process is started with, on our stdin, stdout and stderr. Throws `REQUEST_FAILED` when we may not look into it,
 * and when a command of ours would have more rights than it, or other ones.
 */
export function requestBeside(
  { name, pid }: Model,
  command: readonly [string, ...string[]],
): ChildRequest {
  const [it, own] = [standingOf(pid), standingOf(process.pid)]
  if (it === undefined || own === undefined) {
    throw failed(
      `cannot look into process ${pid} of ${name}: ask as root, or as its own user, in its container`,
    )
  }
  const reasons: string[] = []
  const likeness = likenessOf(it, own, (reason) => reasons.push(reason))
  if (reasons.length > 0) {
    throw failed(
      `cannot have the rights of ${name} (process ${pid}), and no others: ${reasons.join('; ')}`,
    )
  }
  return {
    ...{ ...likeness, command, env: environmentOf(it), workingDir: it.workingDir },
    descriptors: [0, 1, 2],
  }
}

/** Runs it to its end; resolves with its exit code. Throws `REQUEST_FAILED` when it is not executed. */
export async function runBeside(request: ChildRequest): Promise<number> {
  const { end, refusal } = await runHelper(request)
  if (refusal === undefined) return toExitCode(end)
  const [file] = request.command
  // A folder that is gone, or that the process could enter before it gave rights up.
  if (refusal.step === 'cwd' && request.workingDir !== '/') {
    process.stderr.write(`ringmaster: cannot enter ${request.workingDir}: ${refusal.errno}\n`)
    return runBeside({ ...request, workingDir: '/' })
  }
  throw failed(
    refusal.step === 'exec' || refusal.step === 'interpreter'
      ? `cannot execute ${file}: ${refusal.errno}`
      : `cannot have the rights of the process: ${refusal.step}: ${refusal.errno}`,
  )
}

/** Who listens at the first of these sockets where somebody does, by its pid here; 0: in another PID namespace; undefined: nobody. */
export function listenerOf(paths: readonly string[]): number | undefined {
  for (const path of paths) {
    const fd = native().connectLocal(path)
    if (fd < 0) continue
    const peer = native().peerOf(fd)
    closeSync(fd)
    return typeof peer === 'number' ? undefined : peer[0]
  }
  return undefined
}

function runHelper(
  request: ChildRequest,
): Promise<{ end: { code: number; signal: number }; refusal: Refusal | undefined }> {
  // The other commands of the client have no use for it.
  const { spawn } = process.getBuiltinModule('node:child_process')
  const { command, env, descriptors } = request
  const child = spawn(
    execHelperPath(),
    [...helperOptions(request, descriptors.length), '--', ...command],
    { env, stdio: ['inherit', 'inherit', 'inherit', 'pipe'] },
  )
  let report = ''
  child.stdio[3]?.on('data', (bytes: Buffer) => {
    report += bytes.toString('latin1')
  })
  // What the terminal sends goes to both, and is for the command; what is sent to us alone is for it, too.
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) process.on(signal, () => {})
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
  return new Promise((resolve, reject) => {
    child.on('error', ({ message }) => reject(failed(`cannot start the exec helper: ${message}`)))
    child.on('close', (code, signal) =>
      resolve({
        end: { code: code ?? 0, signal: parseSignal(signal ?? '') ?? 0 },
        refusal: parseReport(report),
      }),
    )
  })
}

/** What speaks of the process itself, and of descriptors that it alone has. */
const itsOwn = /^(NOTIFY_SOCKET|WATCHDOG_PID|WATCHDOG_USEC|LISTEN_(PID|FDS|FDNAMES))=/

function environmentOf({ environ }: Standing): NodeJS.ProcessEnv {
  const pairs = environ
    .split('\0')
    .filter((variable) => variable.indexOf('=') > 0 && !itsOwn.test(variable))
    .map((variable) => {
      const at = variable.indexOf('=')
      return [variable.slice(0, at), variable.slice(at + 1)] as const
    })
  const { TERM } = process.env
  return { ...(TERM !== undefined && { TERM }), ...Object.fromEntries(pairs) }
}

function failed(message: string): SupervisorError {
  return new SupervisorError('REQUEST_FAILED', message)
}
