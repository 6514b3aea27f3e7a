import t from 'tap'
import { parseConfig } from '../../../src/config/load.ts'
import { toPlan } from '../../../src/plan/to-plan.ts'

const parse = (text: string) => parseConfig(text, 'f.yaml', { env: {} })
const processes = 'processes: {feed: {command: a}, book: {command: a}}'

async function problems(groups: string): Promise<readonly string[]> {
  const error = await parse(`groups: ${groups}\n${processes}`).then(
    () => new Error('valid'),
    (error: Error) => error,
  )
  return error.message.split('\n')
}

t.test('a group has defaults, and no limit where none is written', async (t) => {
  const config = await parse(`
groups:
  plain: {processes: [feed]}
  whole: {processes: [book], strategy: RestForOne, restartLimit: {withinSeconds: 60}, essential: false}
${processes}`)
  t.same(toPlan(config, { isKubernetes: false, envFile: {} }).groups, [
    {
      ...{ name: 'plain', processes: ['feed'], strategy: 'OneForOne' },
      ...{ restartLimit: null, isEssential: true },
    },
    {
      ...{ name: 'whole', processes: ['book'], strategy: 'RestForOne' },
      ...{ restartLimit: { count: 20, withinMs: 60_000 }, isEssential: false },
    },
  ])
})

t.test('groups and processes share their names, and no process is in two groups', async (t) => {
  t.same(
    await problems('{feed: {processes: [book]}, a: {processes: [feed, bok, none, feed, book]}}'),
    [
      'f.yaml:1:10: groups.feed: a process has this name too',
      'f.yaml:1:59: groups.a.processes[1]: there is no process "bok"; did you mean "book"?',
      'f.yaml:1:64: groups.a.processes[2]: there is no process "none"',
      'f.yaml:1:70: groups.a.processes[3]: "feed" is in the list already',
      'f.yaml:1:76: groups.a.processes[4]: "book" is in group "feed" already',
    ],
  )
})

t.test('another form is told what is allowed', async (t) => {
  t.same(
    await problems('{a: {processes: []}, b: {processes: feed}, c: 3, all: {processes: [1]}}'),
    [
      'f.yaml:1:25: groups.a.processes: found an empty list; allowed: a list of names of processes',
      'f.yaml:1:45: groups.b.processes: found "feed"; allowed: a list of names of processes',
      'f.yaml:1:55: groups.c: found 3; allowed: a map with processes',
      'f.yaml:1:58: groups.all: found the key "all"; allowed: names of 1 to 63 letters, digits, "-" and "_" that begin and end with a letter or digit; "all" is reserved',
    ],
  )
  t.match(await problems('{a: {processes: [feed], strategy: oneForAll}}'), [
    /groups\.a\.strategy: found "oneForAll"; allowed: OneForOne, OneForAll or RestForOne$/,
  ])
})
