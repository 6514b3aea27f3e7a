import type { Static } from '@sinclair/typebox'
import { Check } from '@sinclair/typebox/value'
import { parseSignal, signalName } from '../lib/signals.ts'
import { checkControl } from './control.ts'
import { checkDependencies } from './dependencies.ts'
import { checkGroups } from './groups.ts'
import { checkReferences } from './instance-references.ts'
import { checkLogFiles } from './log-files.ts'
import { checkProbes } from './probe-relations.ts'
import { type Path, type Problem, quote } from './problems.ts'
import { PortsSchema } from './process-parts.ts'
import { MAX_CPU } from './rights-schema.ts'
import { isMap, type UnknownMap } from './shape.ts'
import { checkSockets, checkSocketUse, knownSockets } from './sockets.ts'
import { fillInstanceVariables } from './variables.ts'

type Ports = Static<typeof PortsSchema>

/** What is wrong between fields that are right by themselves; those that are not are left to the check. */
export function checkRelations(config: UnknownMap): readonly Problem[] {
  const { processes, signals, groups } = config
  const problems = [
    ...(isMap(signals) ? checkSignals(signals) : []),
    ...checkControl(config),
    ...checkSockets(config),
  ]
  if (!isMap(processes)) return problems
  problems.push(...checkDependencies(processes), ...checkLogFiles(processes))
  if (isMap(groups)) problems.push(...checkGroups(groups, processes))
  const sockets = knownSockets(config['sockets'])
  for (const [name, process] of Object.entries(processes)) {
    if (!isMap(process)) continue
    const path = ['processes', name]
    problems.push(...checkStopSignals(process, path), ...checkAffinity(process, path))
    const ownSockets = stringsIn(process['sockets'])
    problems.push(...checkSocketUse(process, sockets, path))
    const { ports = [], replicas = 1 } = process
    if (!Check(PortsSchema, ports)) continue
    if (typeof replicas === 'number') problems.push(...checkPorts(ports, replicas, path))
    const names = ports.flatMap(({ name }) => name ?? [])
    problems.push(...checkReferences(process, { ports: names, sockets: ownSockets }, path))
    const lastInstance = typeof replicas === 'number' ? replicas : 1
    problems.push(...checkProbes(process, path, names, lastInstance))
  }
  return problems
}

function stringsIn(list: unknown): readonly string[] {
  return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : []
}

function checkSignals(signals: UnknownMap): Problem[] {
  const known = new Map<number | undefined, string>()
  return Object.keys(signals).flatMap((key) => {
    const signal = parseSignal(key)
    const other = known.get(signal)
    known.set(signal, key)
    // What is no signal is a wrong key.
    if (signal === undefined || other === undefined) return []
    return [{ path: ['signals', key], message: `the same signal as ${other}`, atKey: true }]
  })
}

function checkStopSignals({ lifecycle, stopSignal }: UnknownMap, path: Path): readonly Problem[] {
  const other = isMap(lifecycle) ? lifecycle['stopSignal'] : undefined
  if (typeof stopSignal !== 'number' || typeof other !== 'number' || stopSignal === other) return []
  const message = `found ${signalName(other)}, and stopSignal is ${signalName(stopSignal)}; write one of them`
  return [{ path: [...path, 'lifecycle', 'stopSignal'], message }]
}

function checkAffinity({ resources }: UnknownMap, path: Path): readonly Problem[] {
  const cpus = isMap(resources) ? resources['cpuAffinity'] : undefined
  if (typeof cpus !== 'string') return []
  return cpus.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    if (!(last < first || last > MAX_CPU)) return []
    const message = `found ${quote(range)}; allowed: a range upwards, to ${MAX_CPU} at most`
    return [{ path: [...path, 'resources', 'cpuAffinity'], message }]
  })
}

function checkPorts(ports: Ports, replicas: number, path: Path): readonly Problem[] {
  const names = new Set<string>()
  return ports.flatMap(({ name, containerPort }, index): Problem[] => {
    const at = [...path, 'ports', index]
    const problems: Problem[] = []
    if (name !== undefined && names.has(name)) {
      problems.push({ path: [...at, 'name'], message: `another port has the name ${quote(name)}` })
    }
    if (name !== undefined) names.add(name)
    // The last instance has the highest one.
    const last = Number(
      fillInstanceVariables(String(containerPort), () => String(Math.max(replicas, 1))),
    )
    if (last > 65_535) {
      const message = `instance ${replicas} has ${last}; allowed: ports from 1 to 65535`
      problems.push({ path: [...at, 'containerPort'], message })
    }
    return problems
  })
}
