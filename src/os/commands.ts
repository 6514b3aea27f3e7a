import { closeSync } from 'node:fs'
import type { ExitStatus } from '../lib/exit-codes.ts'
import type { InstanceSpec } from '../plan/instance-spec.ts'
import type { CommandRequest, CommandResult, Commands, RunningCommand } from '../ports/commands.ts'
import type { ExitSource } from '../ports/exit-source.ts'
import type { Guard } from '../ports/guard.ts'
import { parseReport, readReport, startChild } from './child.ts'
import { createRequests } from './child-request.ts'
import { openDescriptors } from './descriptors.ts'
import { readNow } from './read-now.ts'
import { readiness } from './readiness.ts'
import { describeStep } from './refusal.ts'
import type { Rights } from './rights.ts'

export interface CommandsOptions {
  readonly rightsOf: (spec: InstanceSpec) => Rights | undefined
  readonly exits: ExitSource
  readonly guard: Guard
}

export interface OwnCommands extends Commands {
  /** Whether `pid` is the process of a command. */
  isCommand(pid: number): boolean
}

export function createCommands({ rightsOf, exits, guard }: CommandsOptions): OwnCommands {
  const requestFor = createRequests(rightsOf)
  const running = new Map<number, (status: ExitStatus) => void>()
  exits.onExit((pid, status, isOrphan) => {
    if (!isOrphan) running.get(pid)?.(status)
  })

  function start(asked: CommandRequest, onEnd: (result: CommandResult) => void): RunningCommand {
    const { request, user } = requestFor(asked.spec, asked.runId, asked.command)
    const refuse = (errno: string, step: string, output = '') =>
      onEnd({ end: { errno, step }, output })
    const descriptors = openDescriptors(joined, user)
    if (typeof descriptors === 'string') {
      queueMicrotask(() => refuse(descriptors, 'pipe'))
      return ended
    }
    const words = { ...asked.spec, command: asked.command, executable: request.command[0] }
    const child = startChild({ ...request, descriptors: descriptors.child }, (refusal) =>
      refuse(refusal.errno, describeStep(refusal, words)),
    )
    for (const fd of descriptors.writeEnds) closeSync(fd)
    if (child === null) {
      if (descriptors.stdout !== null) closeSync(descriptors.stdout)
      return ended
    }
    const { pid } = child
    guard.watch(pid)
    const output = keepOutput(descriptors.stdout)
    const waiting: (() => void)[] = []
    let status: ExitStatus | undefined
    let report: string | undefined
    const settle = () => {
      if (status === undefined || report === undefined) return
      const refusal = parseReport(report)
      if (refusal === undefined) onEnd({ end: status, output: output.end() })
      else refuse(refusal.errno, describeStep(refusal, words), output.end())
    }
    running.set(pid, (how) => {
      running.delete(pid)
      guard.forget(pid)
      status = how
      settle()
      for (const callback of waiting) callback()
    })
    readReport(child.report, (text) => {
      report = text
      settle()
    })
    return {
      kill() {
        if (running.has(pid)) killGroup(pid)
      },
      whenEnded(callback) {
        if (running.has(pid)) waiting.push(callback)
        else callback()
      },
    }
  }

  return { run: start, isCommand: (pid) => running.has(pid) }
}

const joined = {
  stdin: 'null',
  logs: { format: 'raw', stdout: 'capture', stderr: 'stdout' },
} as const

const ended: RunningCommand = { kill() {}, whenEnded: (callback) => callback() }

/** `pid` has not been waited for. It leads a group as soon as the exec helper has made one. */
function killGroup(pid: number): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, 'SIGKILL')
    } catch (error) {
      // EPERM: it became somebody else's (setuid) and we are not root.
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'ESRCH' && code !== 'EPERM') throw error
    }
  }
}

/** Most that is kept of an output. */
const mostBytes = 4096
/** Reads `fd` so that its writer does not wait; `end` reads what is there, closes it, and returns what was kept. */
function keepOutput(fd: number | null): { end(): string } {
  if (fd === null) return { end: () => '' }
  const kept: Buffer[] = []
  let length = 0
  const keep = (chunk: Buffer) => {
    const part = chunk.subarray(0, mostBytes - length)
    length += part.length
    // A part would keep all of what was read.
    if (part.length > 0) kept.push(Buffer.from(part))
  }
  let isOpen = true
  const close = () => {
    isOpen = false
    readiness.forget(fd)
    closeSync(fd)
  }
  readiness.onReadable(fd, () => {
    const bytes = readNow(fd)
    if (bytes) keep(bytes)
    else close()
  })
  return {
    end() {
      if (isOpen) {
        keep(readNow(fd) ?? Buffer.alloc(0))
        close()
      }
      return Buffer.concat(kept).toString()
    },
  }
}
