import type { Cause, Change, InstanceChange, ProbeChange } from '../core/changes.ts'
import type { Moment } from '../core/events.ts'
import type { View } from '../core/view.ts'
import { signalName } from '../lib/signals.ts'
import type { ProbeName } from '../plan/instance-spec.ts'
import type { Incident, Incidents, LastProbe, LastUsage } from '../ports/incidents.ts'
import type { LastWords } from '../ports/output.ts'
import type { OwnUsage } from '../ports/usage.ts'
import { endOf } from './describe.ts'
import { lastLines } from './last-lines.ts'
import { restartsOf } from './restarts.ts'

/** {@link Incidents} that are written. */
export interface WrittenIncidents extends Incidents {
  change(change: Change): void
  /** A look at what runs use, by pid of the main process, which was taken now. */
  used(usages: ReadonlyMap<number, OwnUsage>): void
}

export interface IncidentOptions {
  readonly view: () => View
  /** What the run of an instance wrote last, as latin1; asked at its end. */
  readonly lastWords: (instance: string, run: number) => LastWords
  /** What the process uses now; asked when Ringmaster is about to end it by itself, and quick. */
  readonly lookAt: (pid: number) => OwnUsage | undefined
  /** Unix time in ms. */
  readonly wallMs: () => number
}

export function createIncidents(options: IncidentOptions): WrittenIncidents {
  const { view, lastWords, lookAt, wallMs } = options
  /** Runs that have a process, by the instance. */
  const runs = new Map<string, Run>()
  /** By the process, oldest first; those whose last incident is oldest come first. */
  const kept = new Map<string, readonly Incident[]>()

  function instanceChanged(change: InstanceChange & Dated): void {
    const { instance, run, pid, phase, at, status, reason } = change
    if (phase === 'starting') {
      const unknown = { endedAt: null, reason: null, usage: null, probes: {} }
      runs.set(instance, { run, pid, startedAt: at, ...unknown })
    }
    const own = runs.get(instance)
    if (own?.run === run && phase === 'stopping') {
      own.reason ??= reason ?? null
      if (status) own.endedAt = at
      else if (change.cause !== undefined) lookOnceMore(own, at)
      return
    }
    if (change.cause === undefined || phase === 'stopping') return
    if (own?.run === run) runs.delete(instance)
    if (isIncident(change.cause, change)) {
      keep(toIncident(change, change.cause, own?.run === run ? own : undefined))
    }
  }

  /** It still lives: what it uses may be why it is ended. */
  function lookOnceMore(own: Run, at: Moment): void {
    const found = own.pid === null ? undefined : lookAt(own.pid)
    if (found) own.usage = toUsage(found, 'process', at.wallMs)
  }

  function toIncident(change: InstanceChange & Dated, cause: Cause, run?: Run): Incident {
    const { process, instance, status, at, phase } = change
    const [startedAt, endedAt] = [run?.startedAt, run?.endedAt ?? at]
    const words = lastWords(instance, change.run)
    return {
      ...{ process, instance, run: change.run, pid: run?.pid ?? null },
      startedAtMs: startedAt?.wallMs ?? null,
      endedAtMs: endedAt.wallMs,
      livedMs: startedAt ? Math.round(endedAt.monoMs - startedAt.monoMs) : null,
      cause,
      code: status?.signal === 0 ? status.code : null,
      signal: status && status.signal !== 0 ? signalName(status.signal) : null,
      killed: change.killed ?? false,
      text: cut(endOf(change)),
      reason: run?.reason == null ? null : cut(run.reason),
      usage: run?.usage ?? null,
      probes: Object.values(run?.probes ?? {}).map(toLastProbe),
      stderr: copy(lastLines(words.stderr, stderrBytes, mostLines)),
      stdout: copy(lastLines(words.stdout, stdoutBytes, mostLines)),
      restarts: restartsOf(view(), instance),
      next: phase,
      nextReason: change.reason === undefined ? null : cut(change.reason),
      delayMs: change.delayMs === undefined ? null : Math.round(change.delayMs),
    }
  }

  function keep(incident: Incident): void {
    const { process } = incident
    const all = [...(kept.get(process) ?? []), incident].slice(-mostOfProcess)
    kept.delete(process)
    kept.set(process, all)
    const [oldest] = kept.keys()
    // There are no more than processes, unless many were taken out of the configuration.
    if (kept.size > mostProcesses && oldest !== undefined) kept.delete(oldest)
  }

  return {
    of: (process) => kept.get(process) ?? [],
    used(usages) {
      const atMs = wallMs()
      for (const own of runs.values()) {
        const found = own.pid === null ? undefined : usages.get(own.pid)
        if (found) own.usage = toUsage(found, 'tree', atMs)
      }
    },
    change(change) {
      if (change.type === 'instance') instanceChanged(change)
      if (change.type === 'departure') runs.delete(change.instance)
      if (change.type !== 'probe') return
      const own = runs.get(change.instance)
      if (own?.run === change.run) own.probes[change.probe] = change
    },
  }
}

type Dated = { readonly at: Moment }

interface Run {
  readonly run: number
  readonly pid: number | null
  readonly startedAt: Moment
  /** Of its main process, where it ended by itself. */
  endedAt: Moment | null
  reason: string | null
  usage: LastUsage | null
  /** The last result of each. */
  readonly probes: Partial<Record<ProbeName, ProbeChange & Dated>>
}

const mostOfProcess = 10
const mostProcesses = 1000
const stderrBytes = 3072
const stdoutBytes = 1024
const mostLines = 60
/** Of a text, in characters. */
const mostOfText = 300
const mostOfDetail = 200

function toUsage(found: OwnUsage, of: LastUsage['of'], atMs: number): LastUsage {
  return { atMs, of, cpuSeconds: found.cpuSeconds, residentBytes: found.residentBytes }
}

function toLastProbe({ probe, isOk, detail, at }: ProbeChange & Dated): LastProbe {
  return { probe, atMs: at.wallMs, isOk, detail: detail.slice(0, mostOfDetail) }
}

function isIncident(cause: Cause, { phase, delayMs }: InstanceChange): boolean {
  if (phase === 'failed') return true
  // What waits for its next connection is not restarted.
  if (cause === 'completed') return delayMs !== undefined
  return cause !== 'stop-requested' && cause !== 'max-age'
}

/** A part of a string, which it would be else, keeps the whole of it in memory. */
function copy(text: string): string {
  return Buffer.from(text).toString()
}

function cut(text: string): string {
  return text.slice(0, mostOfText)
}
