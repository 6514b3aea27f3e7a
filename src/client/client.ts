import { join } from 'node:path'
import { controlSocketName, isTrusted, runFolders } from '../os/run-folders.ts'
import type { Goal, Taken, Waited } from '../wire/commands.ts'
import type { ConfigStatus } from '../wire/config.ts'
import type { EventStatus, IncidentStatus, Line } from '../wire/history.ts'
import type { ProcessDetail, ProcessStatus } from '../wire/processes.ts'
import type { Applied, RevisionStatus, RolloutAction, RolloutStatus } from '../wire/rollouts.ts'
import type { SocketStatus } from '../wire/sockets.ts'
import type { SupervisorStatus } from '../wire/supervisor.ts'
import type { UsageStatus } from '../wire/usage.ts'
import { localPlace, type Place, type RemoteOptions, remotePlace } from './place.ts'
import { answerMs, linesOf, parseAnswer, type Request, readText, send } from './transport.ts'

/** Where Ringmaster is: at a socket, or at a URL with a token. */
export type ClientOptions = LocalOptions | RemoteOptions

export interface LocalOptions {
  /** Path of the control socket; without it `$RINGMASTER_CONTROL`, then the places where `run` makes one. */
  readonly socket?: string | undefined
}

export interface FollowOptions {
  readonly after?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface LogOptions {
  /** So many lines of each stream. */
  readonly tail?: number | undefined
  readonly follow?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

export interface ApplyOptions {
  /** Absolute paths, for Ringmaster to read. */
  readonly files?: readonly string[]
  /** Change nothing. */
  readonly dryRun?: boolean
}

export interface WaitOptions {
  /** Not written: for ever. */
  readonly timeoutSeconds?: number | undefined
  /** Only runs with a higher number will do: what a command returned as `lastRun`. */
  readonly after?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Speaks to a running Ringmaster. A name is that of a process, an instance such as `web.2`, a group, a glob, or `all`. What cannot be
 * carried out rejects with a `SupervisorError`: `UNREACHABLE`, or `REQUEST_FAILED` with the problem as its cause.
 */
export class RingmasterClient {
  readonly #places: readonly Place[]

  /** Throws `USAGE` for a URL or a token that is none. */
  constructor(options: ClientOptions = {}) {
    this.#places =
      'url' in options ? [remotePlace(options)] : socketsToTry(options.socket).map(localPlace)
  }

  /** How Ringmaster itself is. */
  supervisor(): Promise<SupervisorStatus> {
    return this.#ask({ method: 'GET', path: '/v1/supervisor' })
  }

  /** How processes are, with those of their instances that are meant; without names all of them. */
  status(names: readonly string[] = []): Promise<readonly ProcessStatus[]> {
    return this.#ask({ method: 'GET', path: `/v1/processes${queryOf({ name: names })}` })
  }

  /** What instances use; looked up once a second at most. */
  usage(names: readonly string[] = []): Promise<UsageStatus> {
    return this.#ask({ method: 'GET', path: `/v1/usage${queryOf({ name: names })}` })
  }

  /** Where sockets listen, and for whom. */
  sockets(): Promise<readonly SocketStatus[]> {
    return this.#ask({ method: 'GET', path: '/v1/sockets' })
  }

  /** What one process is, and how. */
  describe(name: string): Promise<ProcessDetail> {
    return this.#ask({ method: 'GET', path: `/v1/processes/${encodeURIComponent(name)}` })
  }

  /** What has happened, oldest first, as far as it is kept; of what is named, or of all and Ringmaster itself. */
  events(names: readonly string[] = []): Promise<readonly EventStatus[]> {
    return this.#ask({ method: 'GET', path: `/v1/events${queryOf({ name: names })}` })
  }

  /** The same and what happens from now on, until Ringmaster ends, which throws `UNREACHABLE`, or `signal`, which throws its reason; after the event with the number `after`, or those to come. */
  async *followEvents(
    names: readonly string[] = [],
    { after, signal }: FollowOptions = {},
  ): AsyncGenerator<EventStatus> {
    const path = `/v1/events/stream${queryOf({ name: names, after })}`
    const response = await send(this.#places, { method: 'GET', path, signal })
    for await (const line of linesOf(response, signal)) {
      // Of a server-sent event all that matters stands in its data, on one line.
      if (!line.startsWith('data: ')) continue
      const event = parseAnswer(line.slice(6)) as Partial<EventStatus>
      if (event.id !== undefined) yield event as EventStatus
    }
  }

  /** How runs ended that nobody had asked to end, oldest first. */
  incidents(names: readonly string[] = []): Promise<readonly IncidentStatus[]> {
    return this.#ask({ method: 'GET', path: `/v1/incidents${queryOf({ name: names })}` })
  }

  /** The last lines that processes wrote, and with `follow` those to come. */
  async *logs(names: readonly string[] = [], options: LogOptions = {}): AsyncGenerator<Line> {
    const { tail, follow = false, signal } = options
    const path = `/v1/logs${queryOf({ name: names, follow: `${follow}`, tail })}`
    const request = { method: 'GET', path, signal } as const
    const response = await send(this.#places, request)
    for await (const line of linesOf(response, signal)) yield parseAnswer(line) as Line
  }

  /** Starts what is named, and what that needs. Resolves when that is on its way: see {@link wait}. */
  start(names: readonly string[]): Promise<Taken> {
    return this.#ask({ method: 'POST', path: '/v1/processes/start', body: { names } })
  }

  /** Stops what is named; what depends on it goes on. */
  stop(names: readonly string[]): Promise<Taken> {
    return this.#ask({ method: 'POST', path: '/v1/processes/stop', body: { names } })
  }

  /** Stops and starts what is named, all at once. */
  restart(names: readonly string[]): Promise<Taken> {
    return this.#ask({ method: 'POST', path: '/v1/processes/restart', body: { names } })
  }

  /** Has what is named read its configuration again: by its signal, or by new runs, one after the other. */
  reload(names: readonly string[]): Promise<Taken> {
    return this.#ask({ method: 'POST', path: '/v1/processes/reload', body: { names } })
  }

  /** Has processes have so many instances. */
  scale(replicas: Readonly<Record<string, number>>): Promise<Taken> {
    return this.#ask({ method: 'POST', path: '/v1/processes/scale', body: { replicas } })
  }

  /** The configuration in force, without secrets. */
  config(): Promise<ConfigStatus> {
    return this.#ask({ method: 'GET', path: '/v1/config' })
  }

  /** Has what runs be as files have it, or those of its start; resolves with what that changes. */
  apply({ files = [], dryRun = false }: ApplyOptions = {}): Promise<Applied> {
    const body = { ...(files.length > 0 && { files }), dryRun }
    return this.#ask({ method: 'POST', path: '/v1/config/apply', body })
  }

  /** How far instances are replaced; with `timeoutSeconds` as soon as none are any more. */
  rollouts(
    names: readonly string[] = [],
    timeoutSeconds?: number,
  ): Promise<readonly RolloutStatus[]> {
    const query = queryOf({ name: names, timeoutSeconds: timeoutSeconds?.toFixed(3) })
    const withinMs = timeoutSeconds === undefined ? answerMs : answerAfter(timeoutSeconds)
    return this.#ask({ method: 'GET', path: `/v1/rollouts${query}`, withinMs })
  }

  /** What processes were, are or were to be, oldest first. */
  revisions(names: readonly string[] = []): Promise<readonly RevisionStatus[]> {
    return this.#ask({ method: 'GET', path: `/v1/revisions${queryOf({ name: names })}` })
  }

  /** Goes back to a revision, replaces the instances of a process, or pauses and resumes that. */
  rollout(name: string, action: RolloutAction, toRevision?: number): Promise<RolloutStatus> {
    const body = { action, ...(toRevision !== undefined && { toRevision }) }
    return this.#ask({ method: 'POST', path: `/v1/rollouts/${encodeURIComponent(name)}`, body })
  }

  /** Sends a signal, such as `SIGUSR1`, to main processes; with `children` also to what has come of them. */
  signal(names: readonly string[], signal: string, children = false): Promise<Taken> {
    const body = { names, signal, children }
    return this.#ask({ method: 'POST', path: '/v1/processes/signal', body })
  }

  /** Resolves when all that is named is as wanted, when it cannot be any more, or when the time is over. */
  wait(names: readonly string[], goal: Goal, options: WaitOptions = {}): Promise<Waited> {
    const { timeoutSeconds, after, signal } = options
    const seconds = timeoutSeconds?.toFixed(3)
    const query = queryOf({ name: names, for: goal, timeoutSeconds: seconds, after })
    const withinMs = timeoutSeconds === undefined ? null : answerAfter(timeoutSeconds)
    return this.#ask({ method: 'GET', path: `/v1/wait${query}`, signal, withinMs })
  }

  /** Has Ringmaster be not ready; resolves when the time of the drain is over. */
  drain(): Promise<SupervisorStatus> {
    return this.#ask({ method: 'POST', path: '/v1/supervisor/drain', withinMs: null })
  }

  /** Has Ringmaster be not ready until it is switched off. */
  maintenance(on: boolean): Promise<SupervisorStatus> {
    return this.#ask({ method: 'PUT', path: '/v1/supervisor/maintenance', body: { on } })
  }

  /** Ends Ringmaster in order; resolves when that has begun. */
  shutdown(): Promise<SupervisorStatus> {
    return this.#ask({ method: 'POST', path: '/v1/supervisor/shutdown' })
  }

  async #ask<T>(request: Request): Promise<T> {
    // What Ringmaster sends is what its schemas say: they are the same ones.
    return parseAnswer(await readText(await send(this.#places, request))) as T
  }
}

/** In the order in which they are tried. */
export function socketsToTry(socket: string | undefined): readonly string[] {
  const named = socket ?? process.env['RINGMASTER_CONTROL']
  if (named !== undefined && named !== '') return [named]
  const folders = runFolders()
  // A folder of somebody else could have us speak to them.
  const trusted = folders.filter(isTrusted)
  return (trusted.length > 0 ? trusted : folders.slice(0, 1)).map((folder) =>
    join(folder, controlSocketName),
  )
}

/** How long to wait, in ms, for who was asked to answer after so many seconds: an answer may be late on a loaded machine. */
function answerAfter(seconds: number): number {
  return 1000 * seconds + 2000
}

function queryOf(
  fields: Readonly<Record<string, string | number | readonly string[] | undefined>>,
): string {
  const query = new URLSearchParams()
  for (const [name, value = []] of Object.entries(fields)) {
    for (const one of [value].flat()) query.append(name, `${one}`)
  }
  return query.size > 0 ? `?${query}` : ''
}
