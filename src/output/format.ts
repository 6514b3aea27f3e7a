import type { LogFormat } from '../plan/instance-spec.ts'
import type { Clock } from '../ports/clock.ts'
import type { FormatLines } from '../ports/output.ts'

/** Whose lines they are. */
export interface LineOrigin {
  readonly process: string
  /** `web.1` */
  readonly instance: string
  readonly run: number
  readonly stream: 'stdout' | 'stderr'
}

/** How the prefix looks. */
export interface PrefixStyle {
  /** It begins with the time when the line was read. */
  readonly hasTimestamps: boolean
  /** Parameter of the sequence that colours it, such as 36; null: none. */
  readonly color: number | null
}

/** Hands the bytes to write over to `write`, in pieces of whole lines that are good within the call. `lines` are whole, each with its newline. */
export type Formatter = (lines: Buffer, write: (bytes: Uint8Array) => void) => void

/**
 * `prefix` and `raw` keep every byte. `json` is one object a line, `{time, process, instance, run, stream, line}`: `time` is when
 * the line was read, `line` is text, with U+FFFD for what is not UTF-8.
 */
export type CreateFormatter = (
  format: LogFormat,
  origin: LineOrigin,
  style: PrefixStyle,
) => Formatter

/** Formatters share the memory in which they put lines together. `maxLineBytes`: the most of a line, its mark and newline left out. */
export function createFormatters(
  formatLines: FormatLines,
  clock: Clock,
  maxLineBytes: number,
): CreateFormatter {
  // A line of control characters is six times as long in JSON. What is never used costs no memory.
  const target = Buffer.allocUnsafeSlow(Math.max(usualBytes, 6 * maxLineBytes + mostAroundBytes))

  function put(
    lines: Uint8Array,
    before: Uint8Array,
    after: Uint8Array,
    escapes: boolean,
    write: (bytes: Uint8Array) => void,
  ): void {
    for (let at = 0; at < lines.length; ) {
      const [next, written] = formatLines(lines, at, before, after, escapes, target)
      if (next === at) throw new Error(`a line does not fit into ${target.length} bytes`)
      write(target.subarray(0, written))
      at = next
    }
  }

  return (format, { process, instance, run, stream }, { hasTimestamps, color }) => {
    switch (format) {
      case 'prefix': {
        const name = color === null ? `${instance} | ` : `\x1b[${color}m${instance} |\x1b[0m `
        const plain = Buffer.from(name)
        const before = () => (hasTimestamps ? Buffer.from(`${timeOf(clock)} ${name}`) : plain)
        return (lines, write) => put(lines, before(), newline, false, write)
      }
      case 'json': {
        const labels = JSON.stringify({ process, instance, run, stream }).slice(1, -1)
        const before = () => Buffer.from(`{"time":"${timeOf(clock)}",${labels},"line":"`)
        return (lines, write) => put(lines, before(), lineEnd, true, write)
      }
      case 'raw':
        return (lines, write) => write(lines)
    }
  }
}

/** In UTC, with ms. */
function timeOf(clock: Clock): string {
  return new Date(clock.now().wallMs).toISOString()
}

const usualBytes = 1 << 18
/** Names are at most 63 bytes long. */
const mostAroundBytes = 1024
const newline = Buffer.from('\n')
const lineEnd = Buffer.from('"}\n')
