import { createSuggest, type Suggest } from '../lib/names.ts'
import { defaults } from './defaults.ts'
import { type Path, type Problem, quote } from './problems.ts'
import { isMap, type UnknownMap } from './shape.ts'

const ofTcp = ['host', 'port', 'reusePort']
const ofUnix = ['path', 'owner', 'mode']
/** What struct sockaddr_un has room for, without the NUL at the end. */
const mostPathBytes = 107

/** Sockets that are neither of TCP nor of a path, or both, or at an address that is taken already; what is no socket at all is left to the check. */
export function checkSockets({ sockets, http, control }: UnknownMap): readonly Problem[] {
  if (!isMap(sockets)) return []
  const taken: Address[] = http === false ? [] : [httpAddress(http)]
  if (isMap(control) && isMap(control['http'])) taken.push(controlAddress(control['http']))
  return Object.entries(sockets).flatMap(([name, socket]): readonly Problem[] => {
    if (!isMap(socket)) return []
    const path = ['sockets', name]
    const address = addressOf(socket, path)
    const other = taken.find((one) => isOverlap(one, address))
    if (other === undefined) taken.push(address)
    const at = [...path, address.kind === 'tcp' ? 'port' : 'path']
    return [
      ...checkForm(socket, path),
      ...(other ? [{ path: at, message: `${other.path.join('.')} listens there already` }] : []),
    ]
  })
}

/** Those of a configuration. */
export interface KnownSockets {
  readonly names: ReadonlySet<string>
  readonly suggest: Suggest
}

export function knownSockets(sockets: unknown): KnownSockets {
  const names = isMap(sockets) ? Object.keys(sockets) : []
  return { names: new Set(names), suggest: createSuggest(names) }
}

/** What a process says of sockets that there are not, or that it has not. */
export function checkSocketUse(
  { sockets: named, onDemand }: UnknownMap,
  { names: known, suggest }: KnownSockets,
  path: Path,
): readonly Problem[] {
  const names: readonly unknown[] = Array.isArray(named) ? named : []
  const problems = names.flatMap((name, index): Problem[] => {
    if (typeof name !== 'string') return []
    const at = [...path, 'sockets', index]
    if (!known.has(name)) {
      return [{ path: at, message: `there is no socket ${near(name, suggest)}`, isAbsence: true }]
    }
    const isTwice = names.indexOf(name) < index
    return isTwice ? [{ path: at, message: `${quote(name)} is in the list already` }] : []
  })
  if (onDemand !== true || names.length > 0) return problems
  const message = 'it has no sockets, so that nobody could start it'
  return [...problems, { path: [...path, 'onDemand'], message, isAbsence: true }]
}

/** Why a process with these sockets has none of that name. */
export function whyNoSocket(name: string, known: readonly string[]): string {
  return `the process has no socket ${near(name, createSuggest(known.slice(0, mostAsked)))}`
}

/** It may be asked for each of thousands of names. */
const mostAsked = 50

function near(name: string, suggest: Suggest): string {
  const meant = suggest(name)
  return meant === undefined ? quote(name) : `${quote(name)}; did you mean "${meant}"?`
}

function checkForm(socket: UnknownMap, path: Path): readonly Problem[] {
  const keys = Object.keys(socket)
  const isUnix = keys.includes('path')
  if (!isUnix && !keys.includes('port')) {
    return [{ path, message: 'it listens nowhere; needed: port or path', isAbsence: true }]
  }
  const file = socket['path']
  const isLong = typeof file === 'string' && Buffer.byteLength(file) > mostPathBytes
  return [
    ...keys
      .filter((key) => (isUnix ? ofTcp : ofUnix).includes(key))
      .map((key) => ({
        path: [...path, key],
        message: isUnix
          ? 'found besides path; write one of them'
          : 'only a socket with path has it',
        atKey: true,
      })),
    ...(isLong
      ? [{ path: [...path, 'path'], message: `longer than ${mostPathBytes} bytes: ${quote(file)}` }]
      : []),
  ]
}

interface Address {
  readonly path: Path
  readonly kind: 'tcp' | 'unix'
  readonly host: unknown
  /** Or the path. */
  readonly place: unknown
}

function httpAddress(http: unknown): Address {
  const { host, port } = { ...defaults.http, ...(isMap(http) && http) }
  return { path: ['http'], kind: 'tcp', host, place: port }
}

function controlAddress({ host = defaults.control.http.host, port }: UnknownMap): Address {
  return { path: ['control', 'http'], kind: 'tcp', host, place: port }
}

function addressOf(socket: UnknownMap, path: Path): Address {
  const { path: file, port, host = defaults.socket.host } = socket
  return file === undefined
    ? { path, kind: 'tcp', host, place: port }
    : { path, kind: 'unix', host: null, place: file }
}

/** An address that stands for all of its family takes each of them. */
function isOverlap(one: Address, other: Address): boolean {
  if (one.kind !== other.kind || one.place !== other.place) return false
  if (one.place === undefined || (one.kind === 'tcp' && one.place === 0)) return false
  return one.host === other.host || covers(one.host, other.host) || covers(other.host, one.host)
}

function covers(any: unknown, host: unknown): boolean {
  if (any === '0.0.0.0') return typeof host === 'string' && !host.includes(':')
  return any === '::'
}
