import type { FormatLines } from '../../src/ports/output.ts'

/** What src/native/lines.c does, in the plainest way: what it is tested against. */
export const formatLinesPlainly: FormatLines = (lines, start, before, after, escapes, target) => {
  let at = start
  let written = 0
  while (at < lines.length) {
    const newline = lines.indexOf(10, at)
    const end = newline < 0 ? lines.length : newline
    const most = (end - at) * (escapes ? 6 : 1) + before.length + after.length
    if (most > target.length - written) break
    const line = Buffer.from(lines.subarray(at, end))
    const text = escapes ? Buffer.from(JSON.stringify(line.toString('utf8')).slice(1, -1)) : line
    for (const part of [before, text, after]) {
      target.set(part, written)
      written += part.length
    }
    at = newline < 0 ? end : end + 1
  }
  return [at, written]
}
