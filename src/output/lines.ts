/** Ends each piece of a split line but the last. */
export const splitMark = '[...]'

/** Makes whole lines of what is read. Text is bytes as latin1, one character each, so that nothing is changed by decoding. */
export interface LineBuffer {
  /** Whole lines, each with its newline, or '' when `text` completes none. */
  push(text: string): string
  /** What is left after the last newline, as a line; '' when nothing is. */
  end(): string
}

/** `maxBytes`: the most of a line, without its newline; a longer one is split. */
export function createLineBuffer(maxBytes: number): LineBuffer {
  let rest = ''
  return {
    push(text) {
      // A child that writes byte by byte: no search through what is there already.
      if (!text.includes('\n') && rest.length + text.length <= maxBytes) {
        rest += text
        return ''
      }
      const all = splitLongLines(rest + text, maxBytes)
      const end = all.lastIndexOf('\n') + 1
      rest = all.slice(end)
      return all.slice(0, end)
    },
    end() {
      const last = rest
      rest = ''
      return last === '' ? '' : `${last}\n`
    },
  }
}

/** Looks at one place in `maxBytes`, not at each line. */
function splitLongLines(text: string, maxBytes: number): string {
  let done = ''
  let at = 0
  while (text.length - at > maxBytes) {
    const newline = text.lastIndexOf('\n', at + maxBytes)
    if (newline >= at) {
      done += text.slice(at, newline + 1)
      at = newline + 1
    } else {
      const end = characterStart(text, at + maxBytes)
      done += `${text.slice(at, end)}${splitMark}\n`
      at = end
    }
  }
  return done + text.slice(at)
}

/** The last place at or before `at` that is not inside of a UTF-8 character; `at` itself when that is no UTF-8. */
function characterStart(text: string, at: number): number {
  for (let start = at; start > at - 4; start -= 1) {
    if ((text.charCodeAt(start) & 0xc0) !== 0x80) return start
  }
  return at
}
