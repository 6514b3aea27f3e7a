import { suggest } from '../lib/names.ts'
import { type Path, type Problem, quote } from './problems.ts'
import { isMap, type UnknownMap } from './shape.ts'
import { fillInstanceVariables } from './variables.ts'

export const probeFields = ['startupProbe', 'readinessProbe', 'livenessProbe'] as const

/** What a probe may do, once it is supported. */
const checks = ['httpGet', 'tcpSocket', 'exec', 'grpc', 'notify']
const lineChecks = [...checks, 'logLine']
const actionsOf: Readonly<Record<(typeof probeFields)[number], readonly string[]>> = {
  startupProbe: lineChecks,
  readinessProbe: lineChecks,
  livenessProbe: [...checks, 'logSilenceSeconds'],
}

const hookFields = ['postStart', 'preStop']
const hookActions = ['httpGet', 'exec', 'sleep']

/** What is wrong with the probes and the hooks of a process, whose ports have these names and whose last instance has that number. */
export function checkProbes(
  process: UnknownMap,
  path: Path,
  names: readonly string[],
  lastInstance: number,
): readonly Problem[] {
  const check = (parent: UnknownMap, field: string, at: Path, actions: readonly string[]) => {
    const { [field]: does } = parent
    if (!isMap(does)) return []
    return [
      ...checkCount(does, [...at, field], actions),
      ...['httpGet', 'tcpSocket', 'grpc'].flatMap((action) => {
        const { [action]: target } = does
        const atPort = [...at, field, action, 'port']
        return isMap(target) ? checkPort(target['port'], atPort, names, lastInstance) : []
      }),
    ]
  }
  const { lifecycle } = process
  const hooks = isMap(lifecycle) ? lifecycle : {}
  return [
    ...probeFields.flatMap((field) => check(process, field, path, actionsOf[field])),
    ...hookFields.flatMap((field) => check(hooks, field, [...path, 'lifecycle'], hookActions)),
  ]
}

function checkCount(does: UnknownMap, path: Path, actions: readonly string[]): readonly Problem[] {
  // `notify: false` asks for nothing.
  const [first, second] = Object.keys(does).filter(
    (key) => actions.includes(key) && does[key] !== false,
  )
  if (first === undefined) {
    const message = `does nothing; needed: ${actions.slice(0, -1).join(', ')} or ${actions.at(-1)}`
    return [{ path, message, isAbsence: true }]
  }
  if (second === undefined) return []
  return [
    { path: [...path, second], message: `found besides ${first}; write one of them`, atKey: true },
  ]
}

function checkPort(
  port: unknown,
  path: Path,
  names: readonly string[],
  lastInstance: number,
): readonly Problem[] {
  if (typeof port !== 'string') return []
  if (port.includes('${')) {
    const last = fillInstanceVariables(port, () => String(Math.max(lastInstance, 1)))
    if (Number(last) <= 65_535) return []
    const message = `instance ${lastInstance} has ${last}; allowed: ports from 1 to 65535`
    return [{ path, message }]
  }
  return names.includes(port) ? [] : [{ path, message: whyNoPort(port, names), isAbsence: true }]
}

/** There may be one of these for each of thousands of names. */
const mostTold = 50

/** Why a process whose ports have these names has none of that name. */
export function whyNoPort(name: string, known: readonly string[]): string {
  const problem = `the process has no port ${quote(name)}`
  const some = known.slice(0, mostTold)
  const near = suggest(name, some)
  if (near !== undefined) return `${problem}; did you mean "${near}"?`
  if (known.length === 0) return problem
  return `${problem}; it has ${some.join(', ')}${known.length > mostTold ? ' …' : ''}`
}
