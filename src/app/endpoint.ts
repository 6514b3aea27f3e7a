import type { Bound, Listening } from '../api/listen.ts'
import { listenTcp } from '../os/tcp.ts'
import type { Plan } from '../plan/plan.ts'

/** Takes the address of the endpoint, so that nobody is refused from now on. Throws `START_REFUSED`. */
export async function bindEndpoint(address: NonNullable<Plan['http']>): Promise<Bound> {
  const request = { ...address, backlog: 511, isBlocking: false, reusesPort: false }
  const remedy = 'Choose another "http.port" (0: any free one), or turn it off with "http: false"'
  return { fd: await listenTcp(request, remedy) }
}

/** Where people find the endpoint, for the log. */
export function urls({ host, port }: Listening): string {
  const name = host === '::' || host === '0.0.0.0' ? 'localhost' : host
  const base = `http://${describePort(name, port)}`
  return ['livez', 'readyz', 'metrics'].map((path) => `${base}/${path}`).join(' ')
}

/** `127.0.0.1:9099`, `[::]:9099`. */
export function describePort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
