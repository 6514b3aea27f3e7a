import type { SignalSets } from './child.ts'
import { buildFolder, native } from './native.ts'

const name = 'RINGMASTER_ENTRY'
const prefix = `${name}_`

/**
 * Takes what the entry (src/native/entry.c) has written out of `env`, and gives the variables that it has set aside their names
 * back: `env` is that of the image again. Says so on stderr when there should be a latch and is none. Returns the signals that
 * were ignored and blocked at the start; undefined when Node.js was not started by the entry.
 */
export function takeEntryReport(env: NodeJS.ProcessEnv): SignalSets | undefined {
  const [, ignored, blocked, latch] =
    /^([\da-f]{16}):([\da-f]{16}):(latch|none)$/.exec(env[name] ?? '') ?? []
  if (ignored === undefined || blocked === undefined) return undefined
  delete env[name]
  if (latch === 'latch') {
    delete env['LD_PRELOAD']
    if (!native().hasLatch()) warn()
  }
  for (const [key, value] of Object.entries(env)) {
    if (!key.startsWith(prefix)) continue
    env[key.slice(prefix.length)] = value
    delete env[key]
  }
  return { ignored, blocked }
}

function warn(): void {
  const text = `ringmaster: signals of the first moment may be lost: this Node.js does not load ${buildFolder}/ringmaster-latch.so; it is static, or has capabilities of its own\n`
  native().write(2, [Buffer.from(text)])
}
