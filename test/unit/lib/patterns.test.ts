import t from 'tap'
import { compilePattern } from '../../../src/lib/patterns.ts'

t.test('a pattern matches anywhere, by the rules of RE2', async (t) => {
  for (const [source, text, isMatch] of [
    ['ready in \\d+ ms', 'INFO ready in 12 ms', true],
    ['^ready', 'not ready', false],
    ['(?i)READY$', 'ready', true],
    ['[[:alpha:]]{3}é', 'abcé', true],
    ['\\bport\\b', 'report', false],
    ['', 'anything', true],
  ] as const) {
    t.equal(compilePattern(source).test(text), isMatch, source)
  }
})

t.test('what RE2 does not know, and what would take long, is refused', async (t) => {
  for (const [source, message] of [
    ['(', /missing closing \)/],
    ['a(?=b)', /invalid or unsupported Perl syntax: `\(\?=`/],
    ['(a)\\1', /invalid escape sequence/],
    ['[z-a]', /invalid character class range/],
    ['a{1001}', /invalid repeat count/],
    ['(.{20}){10}', /found a pattern of \d+ steps; allowed: 100/],
  ] as const) {
    t.throws(() => compilePattern(source), { message }, source)
  }
})

t.test('patterns that hang others take no time', async (t) => {
  const lines = ['a', 'ab', 'x=', ' '].map((part) => part.repeat(2048 / part.length))
  const begin = performance.now()
  for (const source of [
    '^(a+)+$',
    '(a|aa)+$',
    '(.*)*=!',
    '(x+x+)+y',
    '^(\\s*a*)*$!',
    '(a|a?)+$!',
  ]) {
    const pattern = compilePattern(source)
    for (const line of lines) pattern.test(`${line}!`)
  }
  const tookMs = performance.now() - begin
  t.ok(tookMs < 2000, `${tookMs} ms, where a second of the first is years elsewhere`)
})
