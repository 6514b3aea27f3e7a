import type { Check } from '../plan/instance-spec.ts'
import type { Outcome } from '../ports/prober.ts'
import type { Tcp } from '../ports/tcp.ts'
import { connect } from './connect.ts'
import { createAnswer, type Head } from './http-answer.ts'

export type HttpCheck = Extract<Check, { kind: 'http' }>

/**
 * One GET as the kubelet makes it: a status from 200 to 399 is a success. Redirects are followed on the same host; one that leads
 * elsewhere is a success.
 */
export function probeHttp(
  tcp: Tcp,
  check: HttpCheck,
  onEnd: (outcome: Outcome) => void,
): () => void {
  let left = mostRedirects
  let cancel = request(tcp, firstTargetOf(check), take)
  return () => cancel()

  function take(target: Target, result: Head | string): void {
    const verdict = typeof result === 'string' ? failure(result) : judge(target, result, left)
    if ('isOk' in verdict) {
      onEnd(verdict)
    } else {
      left -= 1
      cancel = request(tcp, verdict, take)
    }
  }
}

const mostRedirects = 10
/** Others with a Location, such as 300, are left to the user. */
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** What an answer means, or where it leads. */
function judge(target: Target, { status, location }: Head, left: number): Outcome | Target {
  if (redirects.has(status) && location !== '') {
    const next = resolve(location, target)
    if (next === null) return failure(`HTTP ${status} with a wrong Location`)
    if (next.name === target.name) {
      return left > 0 ? next : failure(`more than ${mostRedirects} redirects`)
    }
  }
  return { isOk: status >= 200 && status < 400, detail: `HTTP ${status}` }
}

function failure(detail: string): Outcome {
  return { isOk: false, detail }
}

interface Target {
  readonly host: string | null
  readonly port: number
  readonly isTls: boolean
  /** The host by name, as it stands in a URL. */
  readonly name: string
  readonly path: string
  readonly headers: HttpCheck['headers']
  /** What is sent. */
  readonly request: Uint8Array
}

function targetOf({ host, port, scheme, path, headers }: HttpCheck): Target {
  const name = host === null ? 'localhost' : host.includes(':') ? `[${host}]` : host
  const isTls = scheme === 'HTTPS'
  return withRequest({ host, port, isTls, name: name.toLowerCase(), path, headers })
}

/** Made once: a check is tried again and again. */
const firstTargets = new WeakMap<HttpCheck, Target>()

function firstTargetOf(check: HttpCheck): Target {
  const known = firstTargets.get(check)
  if (known !== undefined) return known
  const target = targetOf(check)
  firstTargets.set(check, target)
  return target
}

function baseOf({ isTls, name, port }: Target): string {
  return `${isTls ? 'https' : 'http'}://${name}:${port}`
}

/** null: no URL of HTTP. */
function resolve(location: string, target: Target): Target | null {
  const base = `${baseOf(target)}${target.path}`
  if (!URL.canParse(location, base)) return null
  const { protocol, hostname, port, pathname, search } = new URL(location, base)
  const isTls = protocol === 'https:'
  if (!isTls && protocol !== 'http:') return null
  const standardPort = isTls ? 443 : 80
  return withRequest({
    ...target,
    ...{ isTls, name: hostname, path: pathname + search },
    port: port === '' ? standardPort : Number(port),
  })
}

/** Sends one request; `onEnd` hears the head of the answer, once that is whole, or why there is none. Returns what ends it. */
function request(
  tcp: Tcp,
  target: Target,
  onEnd: (target: Target, result: Head | string) => void,
): () => void {
  const answer = createAnswer()
  const address = { host: target.host, port: target.port }
  const close = connect(tcp, target.isTls ? { ...address, tlsName: target.name } : address, {
    open: (connection) => connection.send(target.request),
    data(text) {
      answer.push(text)
      if (answer.result !== null) finish(answer.result)
    },
    end(problem) {
      answer.end(problem)
      finish(answer.result ?? 'no answer')
    },
  })
  function finish(result: Head | string): void {
    close()
    onEnd(target, result)
  }
  return close
}

function withRequest(target: Omit<Target, 'request'>): Target {
  const { name, port, path, isTls, headers } = target
  const host = port === (isTls ? 443 : 80) ? name : `${name}:${port}`
  const written = new Set(headers.map((header) => header.name.toLowerCase()))
  const usual = [
    { name: 'Host', value: host },
    { name: 'User-Agent', value: 'ringmaster-probe' },
    { name: 'Accept', value: '*/*' },
  ].filter((header) => !written.has(header.name.toLowerCase()))
  const lines = [...usual, ...headers].map((header) => `${header.name}: ${header.value}\r\n`)
  const request = `GET ${path} HTTP/1.1\r\n${lines.join('')}Connection: close\r\n\r\n`
  return { ...target, request: Buffer.from(request) }
}
