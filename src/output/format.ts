import type { LogFormat } from '../plan/plan.ts'
import type { Clock } from '../ports/clock.ts'

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

/** Turns whole lines (latin1, the last one with its newline) into the bytes to write. */
export type Formatter = (lines: string) => Buffer

/**
 * `prefix` and `raw` keep every byte. `json` is one object a line, `{time, process, instance, run, stream, line}`: `time` is when
 * the line was read, `line` is text, with U+FFFD for what is not UTF-8.
 */
export function createFormatter(
  format: LogFormat,
  origin: LineOrigin,
  clock: Clock,
  style: PrefixStyle,
): Formatter {
  switch (format) {
    case 'prefix':
      return formatPrefix(origin, clock, style)
    case 'json':
      return formatJson(origin, clock)
    case 'raw':
      return toBytes
  }
}

function formatPrefix(
  { instance }: LineOrigin,
  clock: Clock,
  { hasTimestamps, color }: PrefixStyle,
): Formatter {
  const name = color === null ? `${instance} |` : `\x1b[${color}m${instance} |\x1b[0m`
  const put = (prefix: string, lines: string) =>
    toBytes(`${prefix}${withoutLastNewline(lines).replaceAll('\n', `\n${prefix}`)}\n`)
  if (!hasTimestamps) return (lines) => put(`${name} `, lines)
  return (lines) => put(`${timeOf(clock)} ${name} `, lines)
}

function formatJson({ process, instance, run, stream }: LineOrigin, clock: Clock): Formatter {
  const labels = JSON.stringify({ process, instance, run, stream }).slice(1, -1)
  return (lines) => {
    const head = `{"time":"${timeOf(clock)}",${labels},"line":`
    let text = ''
    for (const line of toBytes(withoutLastNewline(lines)).toString('utf8').split('\n')) {
      text += `${head}${JSON.stringify(line)}}\n`
    }
    return Buffer.from(text)
  }
}

/** In UTC, with ms. */
function timeOf(clock: Clock): string {
  return new Date(clock.now().wallMs).toISOString()
}

function withoutLastNewline(lines: string): string {
  return lines.slice(0, -1)
}

function toBytes(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}
