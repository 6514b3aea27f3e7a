import t from 'tap'
import { createFormatter } from '../../../src/output/format.ts'
import { createManualClock } from '../../rig/manual-clock.ts'

const origin = { process: 'web', instance: 'web.1', run: 7, stream: 'stderr' } as const
const plain = { hasTimestamps: false, color: null }
const clock = createManualClock()
const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))

t.test('prefix puts the instance before each line, empty ones too', async (t) => {
  const format = createFormatter('prefix', origin, clock, plain)
  t.equal(format('one\n').toString(), 'web.1 | one\n')
  t.equal(format('one\n\n two\n').toString(), 'web.1 | one\nweb.1 | \nweb.1 |  two\n')
  t.equal(format('\n').toString(), 'web.1 | \n')
})

t.test('prefix keeps every byte', async (t) => {
  const lines = createFormatter('prefix', origin, clock, plain)(`${everyByte.toString('latin1')}\n`)
  const bytes = Buffer.from(lines.toString('latin1').replaceAll('web.1 | ', ''), 'latin1')
  t.same(bytes, Buffer.concat([everyByte, Buffer.from('\n')]))
})

t.test('raw keeps every byte', async (t) => {
  const lines = createFormatter('raw', origin, clock, plain)(`${everyByte.toString('latin1')}\n`)
  t.same(lines, Buffer.concat([everyByte, Buffer.from('\n')]))
})

t.test('json is one object a line', async (t) => {
  const text = createFormatter('json', origin, clock, plain)('say "hi"\t\x1b[1m\n\n').toString()
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

t.test('json reads lines as UTF-8, and shows what is none', async (t) => {
  const bytes = Buffer.concat([Buffer.from('ä🎪'), Buffer.from([0xff]), Buffer.from('!\n')])
  const text = createFormatter('json', origin, clock, plain)(bytes.toString('latin1')).toString()
  t.equal(JSON.parse(text).line, 'ä🎪\u{fffd}!')
})

t.test('prefix has the time when it is asked for, anew for each read', async (t) => {
  const clock = createManualClock()
  const format = createFormatter('prefix', origin, clock, { hasTimestamps: true, color: null })
  t.equal(
    format('one\ntwo\n').toString(),
    '2030-01-02T03:04:05.000Z web.1 | one\n2030-01-02T03:04:05.000Z web.1 | two\n',
  )
  clock.advance(1500)
  t.equal(format('three\n').toString(), '2030-01-02T03:04:06.500Z web.1 | three\n')
})

t.test('a colour is that of the prefix, and ends before the line', async (t) => {
  const colored = createFormatter('prefix', origin, clock, { hasTimestamps: false, color: 36 })
  t.equal(colored('one\n\n').toString(), '\x1b[36mweb.1 |\x1b[0m one\n\x1b[36mweb.1 |\x1b[0m \n')
  const raw = createFormatter('raw', origin, clock, { hasTimestamps: true, color: 36 })
  t.equal(raw('one\n').toString(), 'one\n')
})
