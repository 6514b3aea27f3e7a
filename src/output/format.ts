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

/** Turns whole lines (latin1, the last one with its newline) into the bytes to write. */
export type Formatter = (lines: string) => Buffer

/**
 * `prefix` and `raw` keep every byte. `json` is one object a line, `{time, process, instance, run, stream, line}`: `time` is when
 * the line was read, `line` is text, with U+FFFD for what is not UTF-8.
 */
export function createFormatter(format: LogFormat, origin: LineOrigin, clock: Clock): Formatter {
  switch (format) {
    case 'prefix':
      return formatPrefix(`${origin.instance} | `)
    case 'json':
      return formatJson(origin, clock)
    case 'raw':
      return toBytes
  }
}

function formatPrefix(prefix: string): Formatter {
  const next = `\n${prefix}`
  return (lines) => toBytes(`${prefix}${withoutLastNewline(lines).replaceAll('\n', next)}\n`)
}

function formatJson({ process, instance, run, stream }: LineOrigin, clock: Clock): Formatter {
  const labels = JSON.stringify({ process, instance, run, stream }).slice(1, -1)
  return (lines) => {
    const head = `{"time":"${new Date(clock.now().wallMs).toISOString()}",${labels},"line":`
    let text = ''
    for (const line of toBytes(withoutLastNewline(lines)).toString('utf8').split('\n')) {
      text += `${head}${JSON.stringify(line)}}\n`
    }
    return Buffer.from(text)
  }
}

function withoutLastNewline(lines: string): string {
  return lines.slice(0, -1)
}

function toBytes(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}
