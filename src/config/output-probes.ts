import { messageOf } from '../lib/errors.ts'
import { probeFields } from './probe-relations.ts'
import { type Path, type Problem, quote } from './problems.ts'
import { isMap, type UnknownMap } from './shape.ts'

/** What is wrong with the probes that look at output. Patterns are compiled, for which much is loaded where there are any. */
export async function checkOutputProbes({ processes }: UnknownMap): Promise<readonly Problem[]> {
  if (!isMap(processes)) return []
  const problems: Problem[] = []
  for (const [name, process] of Object.entries(processes)) {
    if (!isMap(process)) continue
    for (const field of probeFields) {
      const { [field]: probe } = process
      if (!isMap(probe)) continue
      const path = ['processes', name, field]
      problems.push(...checkOutput(process, probe, path), ...(await checkPattern(probe, path)))
    }
  }
  return problems
}

async function checkPattern({ logLine }: UnknownMap, path: Path): Promise<readonly Problem[]> {
  if (typeof logLine !== 'string') return []
  const { compilePattern } = await import('../lib/patterns.ts')
  try {
    compilePattern(logLine)
    return []
  } catch (error) {
    const message = `${quote(logLine)} is no regular expression of RE2: ${messageOf(error)}`
    return [{ path: [...path, 'logLine'], message }]
  }
}

/** Ringmaster has to read one of the streams. */
function checkOutput({ logs }: UnknownMap, probe: UnknownMap, path: Path): readonly Problem[] {
  const field = ['logLine', 'logSilenceSeconds'].find((one) => probe[one] !== undefined)
  if (field === undefined || !isMap(logs)) return []
  const { stdout = 'capture', stderr = 'capture' } = logs
  const isUnread = (target: unknown) => target === 'inherit' || target === 'discard'
  if (!isUnread(stdout) || !(isUnread(stderr) || stderr === 'stdout')) return []
  const message = `Ringmaster reads none of the output: logs.stdout is ${stdout}, logs.stderr is ${stderr}; capture one of them`
  return [{ path: [...path, field], message, atKey: true }]
}
