import { closeSync, fstatSync } from 'node:fs'
import type { InstanceSpec } from '../plan/instance-spec.ts'
import type { Spawner } from '../ports/spawner.ts'
import { type ChildRequest, parseReport, readReport, startChild } from './child.ts'
import { createRequests } from './child-request.ts'
import { openDescriptors } from './descriptors.ts'
import { openNotifySocket } from './notify-socket.ts'
import { describeStep } from './refusal.ts'
import type { Rights } from './rights.ts'
import { runIdOf } from './run-id.ts'
import type { OpenSocket } from './sockets.ts'
import { giveUpTerminal } from './terminal.ts'

/** Starts main processes, each with the rights that `rightsOf` names and with those of `sockets` that it is to have. */
export function createSpawner(
  rightsOf: (spec: InstanceSpec) => Rights | undefined,
  sockets: readonly OpenSocket[],
): Spawner {
  const requestFor = createRequests(rightsOf)
  const lendTerminal = createTerminalLoan()
  return {
    spawn(run, spec, observer) {
      const lent = socketsOf(spec, sockets)
      if (typeof lent === 'string') {
        queueMicrotask(() => observer.refused('ENOENT', `socket ${lent}`))
        return null
      }
      const runId = runIdOf(run)
      const { request, user } = requestFor(spec, runId, spec.command)
      const notify = spec.notify && openNotifySocket(runId, user?.uid)
      if (typeof notify === 'string') {
        queueMicrotask(() => observer.refused(notify, 'notify'))
        return null
      }
      const descriptors = openDescriptors(spec, user)
      if (typeof descriptors === 'string') {
        notify?.close()
        queueMicrotask(() => observer.refused(descriptors, 'pipe'))
        return null
      }
      const { stdout, stderr, writeEnds } = descriptors
      const terminal = lendTerminal(spec)
      const whole = {
        ...request,
        descriptors: descriptors.child,
        ...(terminal !== undefined && { terminal }),
      }
      const speaking = notify ? withNotify(whole, spec, notify.address) : whole
      const words = { ...spec, executable: request.command[0] }
      const child = startChild(withSockets(speaking, lent), (refusal) =>
        observer.refused(refusal.errno, describeStep(refusal, words)),
      )
      for (const fd of writeEnds) closeSync(fd)
      if (child === null) {
        notify?.close()
        for (const fd of [stdout, stderr]) if (fd !== null) closeSync(fd)
        return null
      }
      readReport(child.report, (text) => {
        const refusal = parseReport(text)
        if (refusal === undefined) observer.executed()
        else observer.execFailed(refusal.errno, describeStep(refusal, words))
      })
      const pipes = [stdout, stderr].flatMap((fd) => (fd === null ? [] : nameOf(fd)))
      return { pid: child.pid, runId, pipes, stdout, stderr, notify }
    },
  }
}

/** The request with what sd_notify(3) and sd_watchdog_enabled(3) look for. */
function withNotify(
  request: ChildRequest,
  { notify }: InstanceSpec,
  address: string,
): ChildRequest {
  const watchdogMs = notify?.watchdogMs ?? null
  const env = { ...request.env, NOTIFY_SOCKET: address }
  if (watchdogMs === null) return { ...request, env }
  return {
    ...request,
    env: { ...env, WATCHDOG_USEC: `${watchdogMs * 1000}` },
    pidVariables: ['WATCHDOG_PID'],
  }
}

/** Those that `spec` names, in its order; or the name of one that is not there. */
function socketsOf(
  { sockets }: InstanceSpec,
  open: readonly OpenSocket[],
): readonly OpenSocket[] | string {
  const missing = sockets.find((name) => !open.some((one) => one.name === name))
  return missing ?? sockets.flatMap((name) => open.filter((one) => one.name === name))
}

/** The request with sockets, as sd_listen_fds(3) looks for them. */
function withSockets(request: ChildRequest, sockets: readonly OpenSocket[]): ChildRequest {
  if (sockets.length === 0) return request
  for (const socket of sockets) socket.revive()
  const names = sockets.map(({ name }) => name).join(':')
  return {
    ...request,
    env: { ...request.env, LISTEN_FDS: `${sockets.length}`, LISTEN_FDNAMES: names },
    descriptors: [...request.descriptors, ...sockets.map(({ fd }) => fd)],
    pidVariables: [...(request.pidVariables ?? []), 'LISTEN_PID'],
  }
}

/** Both ends of a pipe are one file. */
function nameOf(readEnd: number): string {
  return `pipe:[${fstatSync(readEnd).ino}]`
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
