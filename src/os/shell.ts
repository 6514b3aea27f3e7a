import { spawn } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { SupervisorError } from '../lib/errors.ts'
import { toExitCode } from '../lib/exit-codes.ts'
import { parseSignal } from '../lib/signals.ts'
import { parseCredentials } from './own-rights.ts'
import { readProc } from './procfs.ts'

/**
 * Runs a command beside the process `pid`: with its environment, user, group and working directory, on our stdin, stdout and stderr.
 * Resolves with its exit code. Throws `REQUEST_FAILED` when that is not ours to have.
 */
export async function runBeside(pid: number, command: readonly string[]): Promise<number> {
  const [environ, status] = [readProc(`${pid}/environ`), readProc(`${pid}/status`)]
  const cwd = folderOf(pid)
  if (environ === '' || status === '' || cwd === undefined) {
    throw new SupervisorError(
      'REQUEST_FAILED',
      `cannot look into process ${pid}: ask as root, or as its own user, in its container`,
    )
  }
  const { uids, gids } = parseCredentials(status)
  const [uid = 0, gid = 0] = [uids[1], gids[1]]
  const isOurs = uid === process.geteuid?.() && gid === process.getegid?.()
  const env = Object.fromEntries(environ.split('\0').flatMap(toPair))
  const [file = '/bin/sh', ...args] = command
  const child = spawn(file, args, {
    ...{ env: { TERM: process.env['TERM'], ...env }, cwd, stdio: 'inherit' },
    ...(isOurs ? {} : { uid, gid }),
  })
  // What the terminal sends goes to both: it is for the command.
  process.on('SIGINT', () => {})
  return new Promise((resolve, reject) => {
    child.on('error', ({ message }) =>
      reject(new SupervisorError('REQUEST_FAILED', `cannot execute ${file}: ${message}`)),
    )
    child.on('exit', (code, signal) =>
      resolve(toExitCode({ code: code ?? 0, signal: parseSignal(signal ?? '') ?? 0 })),
    )
  })
}

function folderOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    // Whatever the reason, it is not for us.
    return undefined
  }
}

function toPair(variable: string): [string, string][] {
  const at = variable.indexOf('=')
  return at <= 0 ? [] : [[variable.slice(0, at), variable.slice(at + 1)]]
}
