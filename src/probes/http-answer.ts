/** What a status line and headers say. */
export interface Head {
  readonly status: number
  /** '' where there is none. */
  readonly location: string
}

/** Takes in what a server answers to `GET` with `Connection: close`. Text is bytes as latin1. */
export interface Answer {
  push(text: string): void
  /** Nothing more comes, for this reason if any. */
  end(problem: string | undefined): void
  /** The head, once the answer is whole or long enough; a text says what is wrong with it; null: there is more to come. */
  readonly result: Head | string | null
}

export function createAnswer(): Answer {
  let text = ''
  let head: Head | null = null
  let body: Body = untilEnd
  let result: Answer['result'] = null

  /** Goes past heads that only say that another follows. */
  function takeHead(): void {
    for (let end = endOfHead(text); end > 0 && head === null; end = endOfHead(text)) {
      const lines = text.slice(0, end)
      const status = Number(/^HTTP\/1\.\d (\d{3})(?!\d)/.exec(lines)?.[1])
      if (Number.isNaN(status)) {
        result = notHttp
        return
      }
      text = text.slice(end)
      if (status >= 200 || status === 101) {
        head = { status, location: fieldOf(lines, location) }
        body = bodyOf(status, lines)
      }
    }
    if (head === null && !isLikeHttp(text)) result = notHttp
    else if (head === null && text.length > mostHead)
      result = `HTTP head of more than ${mostHead} bytes`
  }

  return {
    push(more) {
      text += more
      if (head === null) takeHead()
      if (head === null || result !== null) return
      if (text.length >= mostBody || body.isWhole(text)) result = head
    },
    end(problem) {
      if (result !== null) return
      const isWhole = head !== null && problem === undefined && body === untilEnd
      result = isWhole
        ? head
        : (problem ?? (head === null && text === '' ? 'no answer' : 'answer cut off'))
    },
    get result() {
      return result
    },
  }
}

const notHttp = 'answer is not HTTP'
const mostHead = 16_384
/** As much as the kubelet reads. */
const mostBody = 10_240

/** Tells whether a text has the whole body; it is asked with longer and longer ones. */
interface Body {
  isWhole(text: string): boolean
}

const untilEnd: Body = { isWhole: () => false }

function bodyOf(status: number, head: string): Body {
  if (status === 101 || status === 204 || status === 304) return withLength(0)
  if (/(?:^|,)\s*chunked$/i.test(fieldOf(head, transferEncoding))) return inChunks()
  const length = fieldOf(head, contentLength)
  return /^\d+$/.test(length) ? withLength(Number(length)) : untilEnd
}

function withLength(length: number): Body {
  return { isWhole: (text) => text.length >= length }
}

function inChunks(): Body {
  /** Where the next chunk begins. */
  let at = 0
  return {
    isWhole(text) {
      for (let end = text.indexOf('\n', at); end >= 0; end = text.indexOf('\n', at)) {
        const size = Number.parseInt(text.slice(at, end), 16)
        if (size === 0) return text.includes('\r\n\r\n', end - 1)
        const next = end + 1 + size + 2
        // What is no size is no chunk either: the end of the connection tells.
        if (!(next <= text.length)) return false
        at = next
      }
      return false
    },
  }
}

/** Just behind the empty line after the headers; 0 when that is still to come. A line may end without a CR: see RFC 9112, 2.2. */
function endOfHead(text: string): number {
  const found = /\n\r?\n/.exec(text)
  return found === null ? 0 : found.index + found[0].length
}

const location = fieldNamed('location')
const transferEncoding = fieldNamed('transfer-encoding')
const contentLength = fieldNamed('content-length')

function fieldNamed(name: string): RegExp {
  return new RegExp(`\\n${name}:[ \\t]*([^\\r\\n]*)`, 'i')
}

function fieldOf(head: string, field: RegExp): string {
  return field.exec(head)?.[1]?.trimEnd() ?? ''
}

function isLikeHttp(text: string): boolean {
  return 'HTTP/1.'.startsWith(text.slice(0, 7))
}
