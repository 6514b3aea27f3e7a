import t from 'tap'
import { parseSignal, signalName } from '../../../src/lib/signals.ts'

t.test('a signal is read as people write it', async (t) => {
  for (const [text, number] of [
    ['TERM', 15],
    ['SIGTERM', 15],
    ['sigterm', 15],
    ['15', 15],
    ['RTMIN', 34],
    ['SIGRTMIN+3', 37],
    ['RTMAX', 64],
    ['rtmax-1', 63],
    ['64', 64],
    ['IOT', 6],
  ] as const) {
    t.equal(parseSignal(text), number, text)
  }
})

t.test('what is no signal is none', async (t) => {
  for (const text of [
    '',
    '0',
    '32',
    '33',
    '65',
    '-1',
    '1.5',
    'NOPE',
    'RTMIN+31',
    'RTMAX-31',
    'RTMIN-1',
    'TERM ',
  ]) {
    t.equal(parseSignal(text), undefined, `"${text}"`)
  }
})

t.test('every signal has a name that reads back as the same number', async (t) => {
  for (let signal = 1; signal <= 64; signal++) {
    if (signal !== 32 && signal !== 33)
      t.equal(parseSignal(signalName(signal)), signal, signalName(signal))
  }
})
