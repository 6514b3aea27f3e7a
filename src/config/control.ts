import { isLoopback } from '../lib/addresses.ts'
import { defaults } from './defaults.ts'
import { type Problem, quote } from './problems.ts'
import { isMap, type UnknownMap } from './shape.ts'

/** Control over TCP where others could read the token. */
export function checkControl({ control }: UnknownMap): readonly Problem[] {
  const http = isMap(control) ? control['http'] : undefined
  if (!isMap(http)) return []
  const { host = defaults.control.http.host, tls } = http
  if (typeof host !== 'string' || isLoopback(host) || tls !== undefined) return []
  const message = `found ${quote(host)}, where others could read the token on its way; needed: tls, or host 127.0.0.1`
  return [{ path: ['control', 'http', 'host'], message, isAbsence: true }]
}
