// What a kubelet does to a container with its three probes, by the same rules; except that it only says when it would kill.
import { type IncomingMessage, request } from 'node:http'

/** As in a pod; the defaults are Kubernetes'. */
export interface Probe {
  readonly httpGet: { readonly path: string; readonly port: number }
  readonly initialDelaySeconds?: number
  readonly periodSeconds?: number
  readonly timeoutSeconds?: number
  readonly successThreshold?: number
  readonly failureThreshold?: number
}

export interface Probes {
  readonly startupProbe?: Probe
  readonly livenessProbe?: Probe
  readonly readinessProbe?: Probe
}

export type Kind = keyof Probes

export interface Result {
  readonly probe: Kind
  readonly isSuccess: boolean
  /** The status, or why there is none. */
  readonly answer: string
}

export interface Kubelet {
  /** What it made of the results so far: `started`, `ready`, `not ready`, `kill: livenessProbe`. */
  readonly story: readonly string[]
  /** Every single result. */
  readonly results: readonly Result[]
  stop(): void
}

/** Watches the container at `address` until {@link Kubelet.stop}, or until it would kill it. */
export function watch(address: string, probes: Probes): Kubelet {
  const story: string[] = []
  const results: Result[] = []
  const stopped = new AbortController()
  let isStarted = probes.startupProbe === undefined

  const work = async (kind: Kind, probe: Probe) => {
    const { periodSeconds = 10, successThreshold = 1, failureThreshold = 3 } = probe
    // Before the first verdict a container is alive and not ready.
    let verdict = kind === 'livenessProbe'
    let row = { isSuccess: verdict, length: 0 }
    await rest(probe.initialDelaySeconds ?? 0, stopped.signal)
    for (; !stopped.signal.aborted; await rest(periodSeconds, stopped.signal)) {
      // The startup probe has an end, and the others no begin before that.
      if ((kind === 'startupProbe') === isStarted) continue
      const result = await tryOnce(address, probe)
      if (stopped.signal.aborted) return
      results.push({ probe: kind, ...result })
      const { isSuccess } = result
      row = { isSuccess, length: row.isSuccess === isSuccess ? row.length + 1 : 1 }
      if (row.length < (isSuccess ? successThreshold : failureThreshold)) continue
      if (!isSuccess && kind !== 'readinessProbe') {
        story.push(`kill: ${kind}`)
        stopped.abort()
      } else if (verdict !== isSuccess) {
        verdict = isSuccess
        story.push(kind === 'startupProbe' ? 'started' : isSuccess ? 'ready' : 'not ready')
        isStarted ||= kind === 'startupProbe'
      }
    }
  }
  for (const kind of ['startupProbe', 'livenessProbe', 'readinessProbe'] as const) {
    const probe = probes[kind]
    if (probe) void work(kind, probe) // It ends by `stop`, and cannot throw.
  }
  return { story, results, stop: () => stopped.abort() }
}

/** One try: success is a status from 200 to 399, in time; of the body no more than 10 KiB are read. */
export async function tryOnce(address: string, probe: Probe): Promise<Omit<Result, 'probe'>> {
  const signal = AbortSignal.timeout((probe.timeoutSeconds ?? 1) * 1000)
  const { path, port } = probe.httpGet
  try {
    const status = await get(new URL(path, `http://${address}:${port}`), signal)
    return { isSuccess: status >= 200 && status < 400, answer: `${status}` }
  } catch (error) {
    return { isSuccess: false, answer: signal.aborted ? 'timeout' : `${error}` }
  }
}

const maxBodyBytes = 10 * 1024
const maxRedirects = 10

/** The status at the end of all redirects; one to another host is not followed. */
async function get(url: URL, signal: AbortSignal, redirects = 0): Promise<number> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = { 'user-agent': 'kube-probe/1.34', accept: '*/*' }
    request(url, { agent: false, headers, signal }, resolve).once('error', reject).end()
  })
  const { statusCode = 0, headers } = response
  let length = 0
  for await (const bytes of response) {
    length += bytes.length
    if (length > maxBodyBytes) break // Which destroys the connection.
  }
  if (statusCode < 300 || statusCode > 399 || headers.location === undefined) return statusCode
  const next = new URL(headers.location, url)
  if (next.hostname !== url.hostname) return statusCode
  if (redirects === maxRedirects) throw new Error('too many redirects')
  return get(next, signal, redirects + 1)
}

function rest(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, seconds * 1000)
    signal.addEventListener('abort', end)
  })
}
