import t from 'tap'
import { stripAnsi } from '../../../src/output/ansi.ts'

/** Bytes as latin1. */
function strip(text: string): string {
  return stripAnsi(Buffer.from(text, 'latin1')).toString('latin1')
}

const sequences: readonly {
  readonly what: string
  readonly text: string
  readonly rest: string
}[] = [
  { what: 'a colour', text: '\x1b[1;31mred\x1b[0m\n', rest: 'red\n' },
  { what: 'a colour by number', text: '\x1b[38;2;1;2;3mx\x1b[m', rest: 'x' },
  { what: 'a movement, a mode and a cleared line', text: '\x1b[2K\x1b[?25l\x1b[10;5Hx', rest: 'x' },
  { what: 'a title that ends with BEL', text: '\x1b]0;title\x07x', rest: 'x' },
  { what: 'a link', text: '\x1b]8;;http://a\x1b\\text\x1b]8;;\x1b\\.', rest: 'text.' },
  { what: 'a title without an end', text: '\x1b]0;title\nx\n', rest: '\nx\n' },
  { what: 'a character set and a reset', text: '\x1b(Bx\x1bc.', rest: 'x.' },
  { what: 'an escape that begins nothing', text: 'a\x1b\nb\x1b', rest: 'a\nb' },
  { what: 'a sequence that is cut off', text: 'a\x1b[31', rest: 'a' },
]

for (const { what, text, rest } of sequences) {
  t.test(`${what} is taken out`, async (t) => t.equal(strip(text), rest))
}

t.test('what is no sequence stays, byte for byte', async (t) => {
  const bytes = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte !== 0x1b)
  const text = `${Buffer.from(bytes).toString('latin1')} [31m ${Buffer.from('ě›').toString('latin1')}\n`
  t.equal(strip(text), text)
  t.equal(strip(`\x1b[1m${text}`), text)
})

t.test('a hostile line takes no longer than another', async (t) => {
  for (const part of ['\x1b[', '\x1b]', '\x1b[0', '\x1b ']) {
    t.notMatch(strip(`${part.repeat(500_000)}${'0'.repeat(1_000_000)}\n`), '\x1b')
  }
})
