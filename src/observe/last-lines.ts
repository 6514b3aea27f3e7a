import { stripVTControlCharacters } from 'node:util'

/**
 * The last lines that are not empty of `latin1`, what a process wrote, each with its newline: at most `mostLines`, and `limitBytes` of
 * UTF-8. As a person can read it, without colours and what moves a cursor.
 */
export function lastLines(latin1: string, limitBytes: number, mostLines: number): string {
  const lines = toText(latin1)
    .split('\n')
    .filter((line) => line !== '')
    .slice(-mostLines)
  let room = limitBytes
  let text = ''
  for (const line of lines.reverse()) {
    const size = Buffer.byteLength(line) + 1
    if (size > room && text !== '') break
    text = `${size > room ? lastBytes(line, room - 1) : line}\n${text}`
    room -= size
  }
  return text
}

function toText(latin1: string): string {
  const text = stripVTControlCharacters(Buffer.from(latin1, 'latin1').toString())
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  return text.replace(/\r(?=\n)/g, '').replace(/[\0-\x08\x0b-\x1f\x7f]/g, ' ')
}

/** Whole characters. */
function lastBytes(text: string, limitBytes: number): string {
  const bytes = Buffer.from(text)
  let start = Math.max(0, bytes.length - limitBytes)
  while (((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1
  return bytes.toString('utf8', start)
}
