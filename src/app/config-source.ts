import { messageOf } from '../lib/errors.ts'
import type { SelfDrop } from '../os/drop-self.ts'
import type { Rights } from '../os/rights.ts'
import { resolveMore, rootGivenUp } from '../os/start-rights.ts'
import type { ConfigFiles, ConfigSource } from '../ports/config-source.ts'
import { lacksRight, type Moves } from './moves.ts'

export interface SourceOptions {
  /** Of all that has been wanted; it grows. */
  readonly rights: Map<string, Rights>
  readonly self: SelfDrop
  readonly moves: Moves
}

/** What a plan needs and cannot have is told before anything changes. */
export function createConfigSource(
  files: ConfigFiles,
  { rights, self, moves }: SourceOptions,
): ConfigSource {
  let last: Promise<unknown> = Promise.resolve()
  const readNow: ConfigSource['read'] = async (names, use) => {
    const reading = await files.read(names)
    if (reading.problem !== null) return use(reading)
    let isUsed = false
    try {
      const more = resolveMore(reading.plan, rights, self)
      return await moves.prepare(reading.plan, () => {
        isUsed = true
        for (const [key, one] of more) rights.set(key, one)
        return use(reading)
      })
    } catch (error) {
      if (isUsed) throw error
      return use({ problem: explain(error) })
    }
  }
  return {
    read(names, use) {
      const turn = last.then(() => readNow(names, use))
      last = turn.catch(() => {})
      return turn
    },
  }

  function explain(error: unknown): string {
    const message = messageOf(error)
    return self.kind === 'dropped' && lacksRight(error) ? `${message}\n${rootGivenUp}` : message
  }
}
