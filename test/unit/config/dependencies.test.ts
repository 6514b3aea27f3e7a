import t from 'tap'
import { parseConfig } from '../../../src/config/load.ts'
import { toPlan } from '../../../src/plan/to-plan.ts'

const parse = (text: string) => parseConfig(text, 'f.yaml', { env: {} })

async function problems(text: string): Promise<readonly string[]> {
  const error = await parse(text).then(
    () => new Error('valid'),
    (error: Error) => error,
  )
  return error.message.split('\n')
}

t.test('a map says what is waited for, a list means ready', async (t) => {
  const config = await parse(`
processes:
  web: {command: a, dependsOn: {db: started, migrate: succeeded}}
  api: {command: a, dependsOn: [db, migrate]}
  db: {command: a}
  migrate: {command: a}
`)
  const plan = toPlan(config, { isKubernetes: false, envFile: {} })
  t.same(
    plan.processes.map(({ dependsOn }) => dependsOn),
    [
      [
        { process: 'db', condition: 'started' },
        { process: 'migrate', condition: 'succeeded' },
      ],
      [
        { process: 'db', condition: 'ready' },
        { process: 'migrate', condition: 'ready' },
      ],
      [],
      [],
    ],
  )
})

t.test('what is no process is told with its place and the nearest name', async (t) => {
  t.same(
    await problems(`
processes:
  web: {command: a, dependsOn: {databse: ready}}
  api: {command: a, dependsOn: [database, nothing]}
  database: {command: a}
`),
    [
      'f.yaml:3:33: processes.web.dependsOn.databse: there is no process "databse"; did you mean "database"?',
      'f.yaml:4:43: processes.api.dependsOn[1]: there is no process "nothing"',
    ],
  )
})

t.test('a circle is shown as it is walked', async (t) => {
  t.same(
    await problems(`
processes:
  entry: {command: a, dependsOn: [a]}
  a: {command: a, dependsOn: [b, d]}
  b: {command: a, dependsOn: {c: started}}
  c: {command: a, dependsOn: {a: ready, c: ready}}
  d: {command: a, dependsOn: [a]}
`),
    [
      'f.yaml:6:31: processes.c.dependsOn.a: the processes wait for each other: a -> b -> c -> a',
      'f.yaml:6:41: processes.c.dependsOn.c: it depends on itself',
      'f.yaml:7:31: processes.d.dependsOn[0]: the processes wait for each other: a -> d -> a',
    ],
  )
})

t.test('a long chain and many paths are no circle', async (t) => {
  const floor = (number: number) =>
    number === 0 ? '[]' : `[left${number - 1}, right${number - 1}]`
  const processes = Array.from({ length: 200 }, (_, number) =>
    ['left', 'right'].map(
      (side) => `  ${side}${number}: {command: a, dependsOn: ${floor(number)}}`,
    ),
  ).flat()
  await t.resolves(parse(`processes:\n${processes.join('\n')}\n`))
})

t.test('another form is told what is allowed', async (t) => {
  t.same(
    await problems(`
processes:
  web: {command: a, dependsOn: {db: healthy}}
  api: {command: a, dependsOn: db}
  job: {command: a, dependsOn: [1]}
  db: {command: a}
`),
    [
      'f.yaml:3:37: processes.web.dependsOn.db: found "healthy"; allowed: started, ready or succeeded',
      'f.yaml:4:32: processes.api.dependsOn: found "db"; allowed: a map such as {db: ready}, or a list of names',
      'f.yaml:5:33: processes.job.dependsOn[0]: found 1; allowed: a string',
    ],
  )
})

t.test('a list replaces what an earlier file says, a map adds to a map', async (t) => {
  const config = await parse(`
defaults: {dependsOn: {db: started}}
processes:
  web: {command: a, dependsOn: {cache: ready}}
  api: {command: a, dependsOn: [cache]}
  db: {command: a, dependsOn: []}
  cache: {command: a, dependsOn: null}
`)
  const { web, api, db, cache } = config.processes
  t.same(web?.dependsOn, { db: 'started', cache: 'ready' })
  t.same(api?.dependsOn, ['cache'])
  t.same(db?.dependsOn, [])
  t.same(cache?.dependsOn, undefined)
})
