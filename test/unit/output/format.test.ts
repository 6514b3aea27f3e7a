import t from 'tap'
import { native } from '../../../src/os/native.ts'
import { createFormatters, type PrefixStyle } from '../../../src/output/format.ts'
import type { LogFormat } from '../../../src/plan/instance-spec.ts'
import type { FormatLines } from '../../../src/ports/output.ts'
import { formatLinesPlainly } from '../../rig/formatted-lines.ts'
import { createManualClock } from '../../rig/manual-clock.ts'
import { chooseSeed, createRandom } from '../../rig/random.ts'

const origin = { process: 'web', instance: 'web.1', run: 7, stream: 'stderr' } as const
const plain = { hasTimestamps: false, color: null }
const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))

function createFormat(formatLines: FormatLines, format: LogFormat, style: PrefixStyle = plain) {
  const clock = createManualClock()
  const formatter = createFormatters(formatLines, clock, 65_536)(format, origin, style)
  return {
    clock,
    bytes(lines: string | Buffer): Buffer {
      const pieces: Buffer[] = []
      formatter(Buffer.from(lines as string), (piece) => pieces.push(Buffer.from(piece)))
      return Buffer.concat(pieces)
    },
  }
}

for (const [name, formatLines] of [
  ['the addon', native().formatLines],
  ['the reference', formatLinesPlainly],
] as const) {
  const create = (format: LogFormat, style?: PrefixStyle) =>
    createFormat(formatLines, format, style)

  t.test(`${name}: prefix puts the instance before each line, empty ones too`, async (t) => {
    const { bytes } = create('prefix')
    t.equal(bytes('one\n').toString(), 'web.1 | one\n')
    t.equal(bytes('one\n\n two\n').toString(), 'web.1 | one\nweb.1 | \nweb.1 |  two\n')
    t.equal(bytes('\n').toString(), 'web.1 | \n')
  })

  t.test(`${name}: prefix keeps every byte`, async (t) => {
    const lines = create('prefix').bytes(Buffer.concat([everyByte, Buffer.from('\n')]))
    const bytes = Buffer.from(lines.toString('latin1').replaceAll('web.1 | ', ''), 'latin1')
    t.same(bytes, Buffer.concat([everyByte, Buffer.from('\n')]))
  })

  t.test(`${name}: raw keeps every byte`, async (t) => {
    const lines = Buffer.concat([everyByte, Buffer.from('\n')])
    t.same(create('raw').bytes(lines), lines)
  })

  t.test(`${name}: json is one object a line`, async (t) => {
    const text = create('json').bytes('say "hi"\t\x1b[1m\n\n').toString()
    const time = '2030-01-02T03:04:05.000Z'
    t.ok(text.endsWith('\n'))
    t.same(
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
      [
        { time, ...origin, line: 'say "hi"\t\x1b[1m' },
        { time, ...origin, line: '' },
      ],
    )
  })

  t.test(`${name}: json reads lines as UTF-8, and shows what is none`, async (t) => {
    const bytes = Buffer.concat([Buffer.from('ä🎪'), Buffer.from([0xff]), Buffer.from('!\n')])
    t.equal(JSON.parse(create('json').bytes(bytes).toString()).line, 'ä🎪\u{fffd}!')
  })

  t.test(`${name}: a read of nothing but newlines comes in pieces of whole lines`, async (t) => {
    const sizes: number[] = []
    const lines = '\n'.repeat(65_536)
    const format = createFormatters(formatLines, createManualClock(), 65_536)
    format(
      'json',
      origin,
      plain,
    )(Buffer.from(lines), (piece) => {
      sizes.push(piece.length)
      t.equal(piece.at(-1), 10)
    })
    t.ok(sizes.length > 1)
    t.equal(create('json').bytes(lines).toString().split('\n').length, 65_537)
  })

  t.test(`${name}: the longest line has room, whatever it becomes`, async (t) => {
    const line = '\x01'.repeat(65_536)
    t.equal(JSON.parse(create('json').bytes(`${line}\n`).toString()).line, line)
  })

  t.test(`${name}: a prefix has the time when it is asked for, anew for each read`, async (t) => {
    const { bytes, clock } = create('prefix', { hasTimestamps: true, color: null })
    t.equal(
      bytes('one\ntwo\n').toString(),
      '2030-01-02T03:04:05.000Z web.1 | one\n2030-01-02T03:04:05.000Z web.1 | two\n',
    )
    clock.advance(1500)
    t.equal(bytes('three\n').toString(), '2030-01-02T03:04:06.500Z web.1 | three\n')
  })

  t.test(`${name}: a colour is that of the prefix, and ends before the line`, async (t) => {
    const colored = create('prefix', { hasTimestamps: false, color: 36 })
    t.equal(
      colored.bytes('one\n\n').toString(),
      '\x1b[36mweb.1 |\x1b[0m one\n\x1b[36mweb.1 |\x1b[0m \n',
    )
    t.equal(create('raw', { hasTimestamps: true, color: 36 }).bytes('one\n').toString(), 'one\n')
  })
}

t.test('the addon and the reference make the same of any bytes, into any room', async (t) => {
  const seed = chooseSeed()
  const random = createRandom(seed)
  const below = (count: number) => Math.floor(random() * count)
  const one = <T>(of: readonly T[]): T => of[below(of.length)] as T
  const parts: readonly (() => Buffer)[] = [
    () => Buffer.from('x'.repeat(below(40))),
    () => Buffer.from(one(['\n', '\n\n', '\r\n', '"', '\\', '\0', '\x1b[1m', '\x7f', '\b\f\t\v'])),
    () => Buffer.from(one(['é', '€', '🎪', '\u2028', '\ufeff', '\ud7ff', '\u{10ffff}'])),
    // A part of a character.
    () => Buffer.from(one(['é', '€', '🎪'])).subarray(below(2), 1 + below(4)),
    // Too long a form, a surrogate, more than there is, what begins nothing.
    () =>
      Buffer.from(
        one([
          [0xc0, 0x80],
          [0xe0, 0x80, 0x80],
          [0xed, 0xa0, 0x80],
          [0xf4, 0x90],
        ]),
      ),
    () =>
      Buffer.from(one([[0xf0, 0x8f, 0x80], [0xf5], [0xfe], [0x80], [0xc1, 0xbf], [0xf1, 0x80]])),
    () => Buffer.from(Array.from({ length: below(20) }, () => below(256))),
  ]
  const before = Buffer.from('{"line":"')
  const after = Buffer.from('"}\n')
  for (let round = 0; round < 20_000; round += 1) {
    const lines = Buffer.concat(Array.from({ length: below(12) }, () => one(parts)()))
    const start = below(lines.length + 1)
    const room = below(2000)
    const escapes = random() < 0.7
    const made = [native().formatLines, formatLinesPlainly].map((format) => {
      const target = Buffer.alloc(room)
      const [at, written] = format(lines, start, before, after, escapes, target)
      return { at, bytes: target.toString('latin1', 0, written), rest: target.subarray(written) }
    })
    const [ours, wanted] = made
    if (ours?.at !== wanted?.at || ours?.bytes !== wanted?.bytes) {
      t.same(ours, wanted, `seed ${seed}, round ${round}, ${lines.toString('hex')}`)
      return
    }
    if (ours?.rest.some((byte) => byte !== 0)) t.fail(`seed ${seed}: written too far`)
  }
  t.pass(`seed ${seed}`)
})
