import { closeSync, fchownSync } from 'node:fs'
import { Socket } from 'node:net'
import { getSystemErrorName } from 'node:util'
import type { InstanceSpec } from '../plan/plan.ts'
import { fillReferences } from '../plan/references.ts'
import type { Spawner, SpawnObserver } from '../ports/spawner.ts'
import { parseReport, startChild } from './child.ts'
import { native } from './native.ts'
import type { Identity } from './users.ts'

/** Starts main processes with real pipes for their output, as the user that `identityOf` names (null: Ringmaster's own). */
export function createSpawner(identityOf: (spec: InstanceSpec) => Identity | null): Spawner {
  // Tells this start from others, no secret: node:crypto would cost the first spawn 3 ms.
  const start = Math.random().toString(36).slice(2, 14)
  const isPid1 = process.pid === 1
  const inherited = inheritedEnv(process.env)
  return {
    spawn(run, spec, observer) {
      const identity = identityOf(spec)
      const runId = `${run}-${start}`
      const pipes = openPipes(identity)
      if (typeof pipes === 'string') {
        queueMicrotask(() => observer.refused(pipes, 'pipe'))
        return null
      }
      const { stdout, stderr } = pipes
      const env: NodeJS.ProcessEnv = {
        ...inherited,
        ...identity?.env,
        ...spec.env,
        RINGMASTER_PROCESS: spec.process,
        RINGMASTER_INSTANCE: String(spec.number),
        RINGMASTER_RUN: runId,
      }
      for (const name of Object.keys(spec.env))
        env[name] = fillReferences(spec.env[name] ?? '', env)
      const [executable, ...words] = spec.command
      const child = startChild(
        {
          command: [
            fillReferences(executable, env),
            ...words.map((word) => fillReferences(word, env)),
          ],
          env,
          descriptors: ['ignore', stdout.write, stderr.write],
          session: true,
          noNewPrivileges: true,
          ...(identity && { user: identity }),
          ...(spec.workingDir !== null && { workingDir: fillReferences(spec.workingDir, env) }),
          ...(!isPid1 && { deathSignal: 9 }),
        },
        ({ errno, step }) => observer.refused(errno, step),
      )
      closeSync(stdout.write)
      closeSync(stderr.write)
      if (child === null) {
        closeSync(stdout.read)
        closeSync(stderr.read)
        return null
      }
      readReport(child.report, observer)
      return { pid: child.pid, runId, stdout: stdout.read, stderr: stderr.read }
    },
  }
}

interface Pipe {
  readonly read: number
  readonly write: number
}

/** Pipes that belong to the child's user, so that it can open /dev/stdout; or the name of the errno. */
function openPipes(identity: Identity | null): { stdout: Pipe; stderr: Pipe } | string {
  const stdout = native().pipe()
  if (typeof stdout === 'number') return getSystemErrorName(stdout)
  const stderr = native().pipe()
  if (typeof stderr === 'number') {
    for (const fd of stdout) closeSync(fd)
    return getSystemErrorName(stderr)
  }
  if (identity)
    for (const [, write] of [stdout, stderr]) fchownSync(write, identity.uid, identity.gid)
  return {
    stdout: { read: stdout[0], write: stdout[1] },
    stderr: { read: stderr[0], write: stderr[1] },
  }
}

function readReport(fd: number, observer: SpawnObserver): void {
  let text = ''
  const socket = new Socket({ fd, readable: true, writable: false })
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    text += chunk
  })
  socket.on('close', () => {
    const refusal = parseReport(text)
    if (refusal) observer.execFailed(refusal.errno, refusal.step)
    else observer.executed()
  })
}

/** What children get of Ringmaster's environment: all but what was meant for Ringmaster itself. */
function inheritedEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = /^(NOTIFY_SOCKET|LISTEN_.*|NODE_CHANNEL_FD)$/
  return Object.fromEntries(Object.entries(env).filter(([name]) => !own.test(name)))
}
