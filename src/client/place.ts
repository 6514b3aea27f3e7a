import { statSync } from 'node:fs'
import type { RequestOptions } from 'node:https'
import { isLoopback } from '../lib/addresses.ts'
import { SupervisorError } from '../lib/errors.ts'

/** Where Ringmaster may be reached. */
export interface Place {
  /** For errors: a path or a URL. */
  readonly name: string
  readonly isSecure: boolean
  readonly request: RequestOptions
  /** What an error of a connection means there, and what helps; undefined: it is no such error. */
  explain(code: string): string | undefined
}

export interface RemoteOptions {
  /** `https://HOST:PORT`; `http://` is for this machine alone. */
  readonly url: string
  /** What stands in `control.http.tokenFile`. */
  readonly token: string
  /** PEM; if not given, what Node.js trusts. */
  readonly ca?: string | undefined
  /** PEM of the client's own certificate and its key, where Ringmaster asks for one. */
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

/** What the kernel takes: see unix(7). Node.js 20 drops what is beyond that, and asks somebody else. */
export const mostPathBytes = 107

export function localPlace(path: string): Place {
  return {
    ...{ name: path, isSecure: false },
    // Else Node.js looks whether the host is an address of IPv6, by a pattern that takes 5 ms to compile.
    request: { socketPath: path, headers: { host: 'ringmaster' }, servername: '' },
    explain: (code) => explainLocal(code, path),
  }
}

/** Throws `USAGE` for a URL that is none, for one that would show the token to others, and for a token that is none. */
export function remotePlace({ url, token, ca, cert, key }: RemoteOptions): Place {
  const { protocol, hostname, port, host } = parse(url)
  const isSecure = protocol === 'https:'
  const name = hostname.replace(/^\[|\]$/g, '')
  if (!isSecure && !isLoopback(name)) {
    throw usage(url, 'others could read the token on its way; use https')
  }
  if (!/^[\w.~+/-]+=*$/.test(token)) throw usage(url, 'the token is empty, or no bearer token')
  return {
    ...{ name: `${protocol}//${host}`, isSecure },
    request: {
      ...{ host: name, port: port === '' ? undefined : port },
      headers: { host, authorization: `Bearer ${token}` },
      ...(isSecure && { ca, cert, key }),
    },
    explain: explainRemote,
  }
}

function parse(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const isPlain =
    parsed !== undefined &&
    ['http:', 'https:'].includes(parsed.protocol) &&
    [parsed.username, parsed.password, parsed.search, parsed.hash].every((part) => part === '') &&
    parsed.pathname === '/'
  if (parsed === undefined || !isPlain) throw usage(url, 'it is no http(s)://HOST:PORT')
  return parsed
}

function usage(url: string, why: string): SupervisorError {
  // What stands before an @ may be secret.
  return new SupervisorError('USAGE', `cannot use URL ${url.replace(/\/\/.*@/, '//…@')}: ${why}`)
}

function explainLocal(code: string, path: string): string | undefined {
  switch (code) {
    case 'ENOENT':
      return 'there is no such socket. Is "ringmaster run" running, and as this user?'
    case 'ECONNREFUSED':
      return isSocket(path)
        ? 'nobody listens. Is "ringmaster run" still running?'
        : 'it is no socket'
    case 'EACCES':
    case 'EPERM':
      return 'no permission. Ask as the user that started Ringmaster, or set control.mode and control.owner'
    case 'EAGAIN':
      return 'too many clients wait already'
    case 'ENAMETOOLONG':
      return `a path of a socket has ${mostPathBytes} bytes at most`
    case 'ENOTSOCK':
    case 'ENOTDIR':
    case 'EINVAL':
      return code
    default:
      return undefined
  }
}

function isSocket(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isSocket() ?? true
}

function explainRemote(code: string): string | undefined {
  switch (code) {
    case 'ABORT_ERR':
      return undefined
    case 'ECONNREFUSED':
      return 'nobody listens. Is "ringmaster run" running, with control.http?'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'its name is not found'
    case 'ETIMEDOUT':
      return 'no answer'
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the connection was ended. Does it listen for the other of http and https?'
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return 'its certificate is not known here. Name the CA that has signed it: --ca-file FILE'
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'its certificate is for other names'
    case 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED':
      return 'it wants a certificate of ours: --cert-file FILE --key-file FILE'
    case 'EPROTO':
      return 'it speaks no TLS. Is it http?'
    default:
      return code
  }
}
