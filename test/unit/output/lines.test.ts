import t from 'tap'
import { createLineBuffer, createReadBuffer } from '../../../src/output/lines.ts'
import { chooseSeed, createRandom } from '../../rig/random.ts'

const maxLineBytes = 65_536

/** What is read and returned is text, bytes as latin1. */
function createOne(maxBytes: number, read = createReadBuffer(65_536, maxBytes)) {
  const lines = createLineBuffer(read, maxBytes)
  return {
    push: (text: string) => lines.push(read.space.write(text, 'latin1')).toString('latin1'),
    end: () => lines.end().toString('latin1'),
  }
}

t.test('a line comes out when its newline has come in', async (t) => {
  const lines = createOne(maxLineBytes)
  t.equal(lines.push('on'), '')
  t.equal(lines.push('e\n\ntwo\nth'), 'one\n\ntwo\n')
  t.equal(lines.push(''), '')
  t.equal(lines.push('ree\n'), 'three\n')
  t.equal(lines.end(), '')
})

t.test('last words without a newline get one, once', async (t) => {
  const lines = createOne(maxLineBytes)
  t.equal(lines.push('one\nlast words'), 'one\n')
  t.equal(lines.end(), 'last words\n')
  t.equal(lines.end(), '')
})

const long: readonly {
  rule: string
  text: string
  lines: string
}[] = [
  { rule: 'a line of the largest size is whole', text: '12345678\n', lines: '12345678\n' },
  { rule: 'a longer one is split', text: '123456789\n', lines: '12345678[...]\n9\n' },
  {
    rule: 'as often as it takes',
    text: `${'1'.repeat(17)}\n`,
    lines: '11111111[...]\n11111111[...]\n1\n',
  },
  {
    rule: 'its neighbours are not touched',
    text: 'ab\n1234567890\ncd\n\n12345678\n',
    lines: 'ab\n12345678[...]\n90\ncd\n\n12345678\n',
  },
  {
    rule: 'a character is not split',
    text: `1234567${utf8('ä')}9\n`,
    lines: `1234567[...]\n${utf8('ä')}9\n`,
  },
  {
    rule: 'nor is one of four bytes',
    text: `12345${utf8('🎪')}\n`,
    lines: `12345[...]\n${utf8('🎪')}\n`,
  },
  {
    rule: 'what is no UTF-8 is split where it is full',
    text: `${'\x80'.repeat(9)}\n`,
    lines: `${'\x80'.repeat(8)}[...]\n\x80\n`,
  },
]

for (const { rule, text, lines } of long) {
  t.test(`long lines: ${rule}`, async (t) => {
    const whole = createOne(8)
    t.equal(whole.push(text) + whole.end(), lines, 'in one read')
    const single = createOne(8)
    let out = ''
    for (const character of text) out += single.push(character)
    t.equal(out + single.end(), lines, 'byte by byte')
  })
}

t.test('no more of a line than the largest size is kept', async (t) => {
  const lines = createOne(maxLineBytes)
  let out = 0
  for (let i = 0; i < 100; i += 1) {
    out += lines.push('x'.repeat(50_000)).replaceAll('[...]\n', '').length
    t.ok((i + 1) * 50_000 - out <= maxLineBytes)
  }
})

t.test('streams that are read into one buffer keep out of each other', async (t) => {
  const read = createReadBuffer(65_536, 100)
  const [one, two] = [createOne(100, read), createOne(100, read)]
  t.equal(one.push('on'), '')
  t.equal(two.push('zwei\ndr'), 'zwei\n')
  t.equal(one.push('e\nx'), 'one\n')
  t.equal(two.push('ei\n'), 'drei\n')
  t.equal(one.end(), 'x\n')
})

t.test('however it is cut into reads, the text stays the same', async (t) => {
  const seed = chooseSeed()
  const random = createRandom(seed)
  let text = ''
  for (let i = 0; i < 2000; i += 1) text += `${'x'.repeat(random() ** 8 * 100)}\n`
  const lines = createOne(100)
  let out = ''
  for (let at = 0; at < text.length; ) {
    const next = at + Math.floor(random() * 300)
    const got = lines.push(text.slice(at, next))
    t.ok(got === '' || got.endsWith('\n'), `seed ${seed}`)
    out += got
    at = next
  }
  t.equal(out, text, `seed ${seed}`)
})

function utf8(text: string): string {
  return Buffer.from(text).toString('latin1')
}
