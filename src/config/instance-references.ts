import { probeFields, whyNoPort } from './probe-relations.ts'
import type { Path, Problem } from './problems.ts'
import { isMap, type UnknownMap } from './shape.ts'
import { whyNoSocket } from './sockets.ts'
import { fillInstanceVariables } from './variables.ts'

const ofMain = ['command', 'args', 'env']
const withTemplates = [...ofMain, 'workingDir', 'lifecycle', 'logs', ...probeFields]

/** `${port.NAME}` has to name one of the process' own ports, `${socket.NAME}` one of its sockets. */
export function checkReferences(
  process: UnknownMap,
  { ports, sockets }: { readonly ports: readonly string[]; readonly sockets: readonly string[] },
  path: Path,
): readonly Problem[] {
  return withTemplates.flatMap((field) =>
    textsIn(process[field], [...path, field]).flatMap(([text, at]) => [
      ...namesIn(text, 'port')
        .filter((name) => !ports.includes(name))
        .map((name) => absent(`\${port.${name}}`, whyNoPort(name, ports), at)),
      ...namesIn(text, 'socket').flatMap((name): readonly Problem[] => {
        const variable = `\${socket.${name}}`
        if (!ofMain.includes(field)) {
          return [{ path: at, message: `${variable} can stand in ${ofMain.join(', ')} only` }]
        }
        const isKnown = sockets.includes(name)
        return isKnown ? [] : [absent(variable, whyNoSocket(name, sockets), at)]
      }),
    ]),
  )
}

function absent(variable: string, why: string, path: Path): Problem {
  return { path, message: `${variable} has no value: ${why}`, isAbsence: true }
}

function textsIn(value: unknown, path: Path): readonly (readonly [text: string, path: Path])[] {
  if (typeof value === 'string') return [[value, path]]
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => textsIn(item, [...path, index]))
  }
  if (!isMap(value)) return []
  return Object.entries(value).flatMap(([key, item]) => textsIn(item, [...path, key]))
}

function namesIn(text: string, kind: 'port' | 'socket'): readonly string[] {
  const names: string[] = []
  if (!text.includes(`\${${kind}.`)) return names
  fillInstanceVariables(text, (variable) => {
    if (variable.startsWith(`${kind}.`)) names.push(variable.slice(kind.length + 1))
    return ''
  })
  return names
}
