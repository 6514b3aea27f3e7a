import { closeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { InstanceSpec } from '../plan/plan.ts'
import { fillReferences } from '../plan/references.ts'
import type { Spawner } from '../ports/spawner.ts'
import { parseReport, startChild } from './child.ts'
import { openDescriptors } from './descriptors.ts'
import { createEnvironment } from './environment.ts'
import { describeStep } from './refusal.ts'
import { resolveResources } from './resources.ts'
import type { Rights } from './rights.ts'
import { giveUpTerminal } from './terminal.ts'

/** Starts main processes, each with the rights that `rightsOf` names. */
export function createSpawner(rightsOf: (spec: InstanceSpec) => Rights | undefined): Spawner {
  // Tells this start from others, no secret: node:crypto would cost the first spawn 3 ms.
  const start = Math.random().toString(36).slice(2, 14)
  const isPid1 = process.pid === 1
  const ownEnv = { ...process.env }
  const lendTerminal = createTerminalLoan()
  return {
    spawn(run, spec, observer) {
      const rights = rightsOf(spec)
      if (rights === undefined) throw new Error(`nobody resolved the rights of ${spec.name}`)
      const runId = `${run}-${start}`
      const descriptors = openDescriptors(spec, rights.user)
      if (typeof descriptors === 'string') {
        queueMicrotask(() => observer.refused(descriptors, 'pipe'))
        return null
      }
      const { stdout, stderr, writeEnds } = descriptors
      const { userEnv, ...steps } = rights
      const env = createEnvironment(spec, runId, userEnv, ownEnv)
      const fill = (template: string) => fillReferences(template, env)
      const [executable, ...words] = spec.command
      const command: [string, ...string[]] = [fill(executable), ...words.map(fill)]
      const workingDir = spec.workingDir === null ? null : fill(spec.workingDir)
      const terminal = lendTerminal(spec)
      const child = startChild(
        {
          ...steps,
          ...resolveResources(spec.resources),
          command,
          env,
          descriptors: descriptors.child,
          session: true,
          ...(terminal !== undefined && { terminal }),
          ...(workingDir !== null && { workingDir }),
          ...(!isPid1 && { deathSignal: 9 }),
        },
        ({ errno, step }) => observer.refused(errno, step),
      )
      for (const fd of writeEnds) closeSync(fd)
      if (child === null) {
        for (const fd of [stdout, stderr]) if (fd !== null) closeSync(fd)
        return null
      }
      readReport(child.report, (text) => {
        const refusal = parseReport(text)
        if (refusal === undefined) observer.executed()
        else
          observer.execFailed(
            refusal.errno,
            describeStep(refusal, { ...spec, executable: command[0] }),
          )
      })
      return { pid: child.pid, runId, stdout, stderr }
    },
  }
}

/** The terminal that is our stdin goes to the one instance that asks for it first, and to each of its runs. */
function createTerminalLoan(): (spec: InstanceSpec) => number | undefined {
  let loan: { readonly terminal: number; readonly instance: string } | undefined
  return ({ name, stdin }) => {
    if (stdin !== 'inherit') return undefined
    const terminal = loan ? undefined : giveUpTerminal([0])
    if (terminal !== undefined) loan = { terminal, instance: name }
    return loan?.instance === name ? loan.terminal : undefined
  }
}

function readReport(fd: number, onEnd: (text: string) => void): void {
  let text = ''
  const socket = new Socket({ fd, readable: true, writable: false })
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    text += chunk
  })
  socket.on('close', () => onEnd(text))
}
