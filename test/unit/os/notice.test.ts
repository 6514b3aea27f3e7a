import t from 'tap'
import { parseNotice } from '../../../src/os/notice.ts'

const parse = (text: string | Buffer) => parseNotice(Buffer.from(text))

t.test('each word that means something', async (t) => {
  const table = [
    ['READY=1', { state: 'ready' }],
    ['RELOADING=1\nMONOTONIC_USEC=123', { state: 'reloading' }],
    ['STOPPING=1', { state: 'stopping' }],
    ['STATUS=all is well', { status: 'all is well' }],
    ['STATUS=', { status: '' }],
    ['STATUS=a=b', { status: 'a=b' }],
    ['WATCHDOG=1', { watchdog: 'alive' }],
    ['WATCHDOG=trigger', { watchdog: 'failed' }],
    ['WATCHDOG_USEC=20000000', { watchdogMs: 20_000 }],
    ['WATCHDOG_USEC=1', { watchdogMs: 1 }],
    ['WATCHDOG_USEC=0', { watchdogMs: 0 }],
    ['WATCHDOG_USEC=18446744073709551615', { watchdogMs: 0 }],
    ['EXTEND_TIMEOUT_USEC=1500000', { extendMs: 1500 }],
    ['EXTEND_TIMEOUT_USEC=18446744073709551615', { extendMs: 2 ** 31 - 1 }],
    ['READY=1\nSTATUS=up\nWATCHDOG=1\n', { state: 'ready', status: 'up', watchdog: 'alive' }],
    ['READY=1\nSTOPPING=1', { state: 'stopping' }],
  ] as const
  for (const [text, notice] of table) t.same(parse(text), notice, text)
})

t.test('all else means nothing', async (t) => {
  const table = [
    ...[
      '',
      '\n\n',
      '=',
      'READY',
      'READY=0',
      'READY=',
      'ready=1',
      ' READY=1',
      'READY=1 ',
      'READY=11',
    ],
    ...['MAINPID=1', 'BARRIER=1', 'FDSTORE=1\nFDNAME=x', 'ERRNO=2', 'X_MINE=1', 'WATCHDOG=0'],
    ...['WATCHDOG_USEC=', 'WATCHDOG_USEC=-1', 'WATCHDOG_USEC=1e3', 'WATCHDOG_USEC=0x10'],
    ...['EXTEND_TIMEOUT_USEC=1.5', `EXTEND_TIMEOUT_USEC=${'9'.repeat(21)}`],
    ...['__proto__=1', 'constructor=1', 'READY=1\0'],
  ]
  for (const text of table) t.same(parse(text), {}, JSON.stringify(text))
})

t.test('a status is one line of text, and of no great length', async (t) => {
  const status = (text: string | Buffer) => parse(text).status
  t.equal(status('STATUS=\x1b[31mred\x07 \r and\tblue\x9b '), '[31mred    and blue')
  t.equal(status(Buffer.from('STATUS=caf\xe9', 'latin1')), 'caf\ufffd', 'not UTF-8')
  t.equal(status('STATUS=größer'), 'größer')
  const long = status(`STATUS=${'😀'.repeat(1000)}`) ?? ''
  t.equal(long, `${'😀'.repeat(199)}…`, 'whole characters')
  t.equal(status(`STATUS=${'x'.repeat(200)}`), 'x'.repeat(200))
})

t.test('whatever the bytes are, nothing is thrown', async (t) => {
  let seed = 7
  const byte = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    return seed >> 16
  }
  for (let count = 0; count < 2000; count++) {
    const words = ['READY=', 'STATUS=', 'WATCHDOG_USEC=', '\n', '1', '']
    const parts = Array.from({ length: byte() % 20 }, () =>
      byte() % 2 ? Buffer.from(words[byte() % words.length] ?? '') : Buffer.from([byte() & 255]),
    )
    t.ok(parse(Buffer.concat(parts)))
  }
})
