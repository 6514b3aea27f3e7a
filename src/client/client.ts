import { join } from 'node:path'
import { controlSocketName, isTrusted, runFolders } from '../os/run-folders.ts'
import type { ProcessStatus } from '../wire/processes.ts'
import type { SupervisorStatus } from '../wire/supervisor.ts'
import { type Request, readText, send } from './transport.ts'

export interface ClientOptions {
  /** Path of the control socket; without it `$RINGMASTER_CONTROL`, then the places where `run` makes one. */
  readonly socket?: string | undefined
}

/**
 * Speaks to a running Ringmaster. A name is that of a process, an instance such as `web.2`, a group, a glob, or `all`. What cannot be
 * carried out rejects with a `SupervisorError`: `UNREACHABLE`, or `REQUEST_FAILED` with the problem as its cause.
 */
export class RingmasterClient {
  readonly #sockets: readonly string[]

  constructor({ socket }: ClientOptions = {}) {
    this.#sockets = socketsToTry(socket)
  }

  /** How Ringmaster itself is. */
  supervisor(): Promise<SupervisorStatus> {
    return this.#ask({ method: 'GET', path: '/v1/supervisor' })
  }

  /** How processes are, with those of their instances that are meant; without names all of them. */
  status(names: readonly string[] = []): Promise<readonly ProcessStatus[]> {
    return this.#ask({ method: 'GET', path: `/v1/processes${queryOf({ name: names })}` })
  }

  async #ask<T>(request: Request): Promise<T> {
    // What Ringmaster sends is what its schemas say: they are the same ones.
    return JSON.parse(await readText(await send(this.#sockets, request))) as T
  }
}

function socketsToTry(socket: string | undefined): readonly string[] {
  const named = socket ?? process.env['RINGMASTER_CONTROL']
  if (named !== undefined && named !== '') return [named]
  const folders = runFolders()
  // A folder of somebody else could have us speak to them.
  const trusted = folders.filter(isTrusted)
  return (trusted.length > 0 ? trusted : folders.slice(0, 1)).map((folder) =>
    join(folder, controlSocketName),
  )
}

function queryOf(fields: Readonly<Record<string, string | readonly string[] | undefined>>): string {
  const query = new URLSearchParams()
  for (const [name, value = []] of Object.entries(fields)) {
    for (const one of typeof value === 'string' ? [value] : value) query.append(name, one)
  }
  return query.size > 0 ? `?${query}` : ''
}
