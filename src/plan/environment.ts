import type { Config } from '../config/schema.ts'
import { portsOf } from './ports.ts'

/**
 * What siblings find each other by, as in a cluster: `<NAME>_SERVICE_HOST`, `_PORT` (the first) and `_PORT_<PORTNAME>` of the first instance of
 * each process that has ports. Pure.
 */
export function serviceVariables(processes: Config['processes']): Readonly<Record<string, string>> {
  const variables = Object.entries(processes).flatMap(([name, process]) => {
    const ports = portsOf(process, 1)
    const [first] = ports
    if (first === undefined) return []
    const prefix = `${toVariable(name)}_SERVICE`
    return [
      [`${prefix}_HOST`, '127.0.0.1'],
      [`${prefix}_PORT`, String(first.port)],
      ...ports.flatMap(({ name, port }) =>
        name === null ? [] : [[`${prefix}_PORT_${toVariable(name)}`, String(port)]],
      ),
    ]
  })
  return Object.fromEntries(variables)
}

function toVariable(name: string): string {
  return name.toUpperCase().replaceAll('-', '_')
}
