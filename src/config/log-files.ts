import { defaults, MAX_REPLICAS } from './defaults.ts'
import { type Path, type Problem, quote } from './problems.ts'
import { isMap, type UnknownMap } from './shape.ts'
import { fillInstanceVariables } from './variables.ts'

/** Each file has one stream of one instance; its rotated names are nobody else's. What is no path is left to the check. */
export function checkLogFiles(processes: UnknownMap): readonly Problem[] {
  const uses = Object.entries(processes).flatMap(([name, process]) => usesOf(name, process))
  const byFile = new Map<string, Use>()
  const problems: Problem[] = []
  const refused = new Set<Path>()
  const refuse = ({ path }: Use, message: string) => {
    // One for all instances of it.
    if (!refused.has(path)) problems.push({ path, message })
    refused.add(path)
  }
  for (const use of uses) {
    const other = byFile.get(use.file)
    if (other === undefined) byFile.set(use.file, use)
    else refuse(use, whyTwice(use, other))
  }
  for (const use of byFile.values()) {
    const [, file = '', number] = /^(.+)\.([1-9]\d*)(?:\.gz)?$/.exec(use.file) ?? []
    const other = byFile.get(file)
    if (other === undefined || Number(number) > other.maxFiles) continue
    refuse(use, `${quote(use.file)} is a rotated file of ${other.path.join('.')}`)
  }
  return problems
}

/** One instance's. */
interface Use {
  readonly path: Path
  readonly file: string
  readonly maxFiles: number
}

function usesOf(name: string, process: unknown): readonly Use[] {
  if (!isMap(process) || !isMap(process['logs'])) return []
  const { logs, replicas } = process
  return ['stdout', 'stderr'].flatMap((stream) => {
    const target = logs[stream]
    if (!isMap(target) || typeof target['file'] !== 'string') return []
    const { file, maxFiles } = target
    const path = ['processes', name, 'logs', stream, 'file']
    return Array.from({ length: countOf(replicas) }, (_, index) => ({
      path,
      file: fileOf(file, name, index + 1),
      maxFiles: typeof maxFiles === 'number' ? maxFiles : defaults.process.logFile.maxFiles,
    }))
  })
}

/** A number of instances that there cannot be is found by the check. */
function countOf(replicas: unknown): number {
  const isCount = typeof replicas === 'number' && replicas >= 0 && replicas <= MAX_REPLICAS
  return isCount ? Math.floor(replicas) : 1
}

function fileOf(template: string, process: string, number: number): string {
  return fillInstanceVariables(template, (variable) => {
    switch (variable) {
      case 'process.name':
        return process
      case 'instance.number':
        return `${number}`
      default:
        // The name of an instance, or a port: where that is not its own, the start finds out.
        return `${process}.${number}`
    }
  })
}

function whyTwice(use: Use, other: Use): string {
  if (use.path === other.path) {
    return 'all instances would write to it; put ${instance.number} into it'
  }
  const isOwn = use.path[1] === other.path[1]
  const joined = isOwn ? '; to join them write stderr: stdout' : ''
  return `${other.path.slice(0, -1).join('.')} is written to this file already${joined}`
}
