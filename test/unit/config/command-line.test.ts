// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import t from 'tap'
import { splitCommandLine } from '../../../src/config/command-line.ts'

const split: readonly (readonly [title: string, line: string, words: readonly string[]])[] = [
  ['blanks separate words', '  a  b\tc ', ['a', 'b', 'c']],
  ['an empty line has no words', ' ', []],
  ['single quotes keep all but the variables', `a 'b "c" \\d | e'`, ['a', 'b "c" \\d | e']],
  ['double quotes keep blanks and operators', '"a b;c (d)" e', ['a b;c (d)', 'e']],
  ['double quotes end no word', `a"b"'c'd`, ['abcd']],
  ['empty quotes are an empty word', `a '' ""`, ['a', '', '']],
  ['a backslash keeps the next letter', 'a\\ b \\"', ['a b', '"']],
  [
    'a backslash in double quotes keeps itself, but before $ ` " and \\',
    '"\\n \\" \\\\ \\`"',
    ['\\n " \\ `'],
  ],
  ['an escaped newline joins', 'a \\\n b\\\nc', ['a', 'bc']],
  [
    'an escaped dollar stays a dollar after variables are put in',
    '\\${A} "\\${A}"',
    ['$${A}', '$${A}'],
  ],
  ['a variable is one piece', '${A:-b c} "${D}"e ${F:-|}', ['${A:-b c}', '${D}e', '${F:-|}']],
  ['two dollars stay two', 'a$$b $${C}', ['a$$b', '$${C}']],
  [
    'what a shell would look up is left alone',
    '$HOME ~ *.js [a] a=b',
    ['$HOME', '~', '*.js', '[a]', 'a=b'],
  ],
  ['# inside a word is a letter', 'a#b "#c"', ['a#b', '#c']],
]
for (const [title, line, words] of split) {
  t.test(title, async (t) => t.strictSame(splitCommandLine(line), { words }))
}

t.test('a shell operator is a problem that names it', async (t) => {
  for (const [line, operator] of [
    ['a | b', '|'],
    ['a && b', '&'],
    ['a; b', ';'],
    ['a >b', '>'],
    ['a <b', '<'],
    ['(a)', '('],
    ['a `b`', '`'],
    ['a "`b`"', '`'],
    ['a $(b)', '$('],
    ['a "$(b)"', '$('],
    ['a # b', '#'],
  ] as const) {
    t.strictSame(splitCommandLine(line), {
      problem: `found "${operator}", which only a shell understands; write a list, or [sh, -c, "..."] for a shell`,
    })
  }
  t.match(splitCommandLine('a\nb'), { problem: /^found a second line, which only a shell/ })
})

t.test('what is begun must be ended', async (t) => {
  t.strictSame(splitCommandLine(`a 'b`), { problem: "found ' without its closing '" })
  t.strictSame(splitCommandLine('a "b'), { problem: 'found " without its closing "' })
  t.strictSame(splitCommandLine('a\\'), { problem: 'found "\\" at the end' })
  t.strictSame(splitCommandLine('a ${B'), { problem: '"${" has no "}"; write "$$" for a dollar' })
})
