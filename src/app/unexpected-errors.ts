import { ExitCode } from '../lib/exit-codes.ts'
import type { Runtime } from '../runtime/runtime.ts'

/** The same unexpected error this often in a minute means that Ringmaster is beyond saving. */
const mostErrors = 10

/** After the start nothing but the core ends us. */
export function reportUnexpectedErrors(runtime: Runtime): void {
  const recent = new Map<string, number[]>()
  const take = (error: unknown) => {
    runtime.report(error)
    const text = String(error)
    const now = performance.now()
    const times = [...(recent.get(text) ?? []).filter((time) => time > now - 60_000), now]
    if (recent.size > 100) recent.clear()
    recent.set(text, times)
    if (times.length >= mostErrors) {
      runtime.post({
        type: 'shutdown',
        reason: `again and again: ${text}`,
        code: ExitCode.internal,
      })
    }
  }
  process.on('uncaughtException', take)
  process.on('unhandledRejection', take)
}
