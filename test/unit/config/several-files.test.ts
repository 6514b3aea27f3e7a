// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import { join } from 'node:path'
import t from 'tap'
import { folderOf } from '../../rig/config-files.ts'

t.test('later files win: maps merge by key, lists and scalars replace', async (t) => {
  const { load } = folderOf(t, {
    'a.yaml': `
http: {host: localhost, port: 1}
processes:
  web: {command: [a, b], args: [c, d], env: {A: 1, B: 2}, backoff: {factor: 3, jitter: 0}, replicas: 2}
  api: {command: a}
`,
    'b.yaml': `
http: {port: 2}
processes:
  web: {args: [e], env: [{name: B, value: 3}, {name: C, value: 4}], backoff: {factor: 4}}
  db: {command: c}
`,
    'c.yaml': `{http: false, processes: {api: {command: [x]}}}`,
  })
  const config = await load(['a.yaml', 'b.yaml', 'c.yaml'])
  t.strictSame(config, {
    http: false,
    processes: {
      web: {
        command: ['a', 'b'],
        args: ['e'],
        env: { A: '1', B: '3', C: '4' },
        backoff: { factor: 4, jitter: 0 },
        replicas: 2,
      },
      api: { command: ['x'] },
      db: { command: ['c'] },
    },
  })
  t.strictSame((await load(['c.yaml', 'b.yaml', 'a.yaml'])).http, { host: 'localhost', port: 1 })
})

t.test('relative paths start at the folder of the file they stand in', async (t) => {
  const { folder, load } = folderOf(t, {
    'main.yaml':
      'include: [sub/a.yaml]\ndefaults: {workingDir: work}\nprocesses: {b: {command: b}}',
    'sub/a.yaml': 'processes: {a: {command: a, workingDir: data}}',
  })
  const { processes } = await load(['main.yaml'])
  t.equal(processes['a']?.workingDir, join(folder, 'sub/data'))
  t.equal(processes['b']?.workingDir, join(folder, 'work'))
})

t.test('what is wrong is told in the file it was written in, all files at once', async (t) => {
  const { problems } = folderOf(t, {
    'a.yaml': `include: [b.yaml, none.yaml, "\${NONE}"]
defaults:
  replicas: many
  env: {X: [1]}
processes:
  web: {command: a, env: {A: "\${NONE}"}}
  api: {comand: a}
`,
    'b.yaml': `processes:
  web: {backoff: {factor: 0}, env: [{name: A, value: x}, {name: B, value: [y]}]}
  db: {replicas: 3}
`,
    'c.yaml': 'processes:\n  web: {\n',
    'd.yaml': 'just text',
  })
  t.strictSame(await problems('a.yaml', 'c.yaml', 'd.yaml', 'e.yaml'), [
    'a.yaml:1:19: include[1]: cannot include none.yaml: there is no such file',
    'a.yaml:1:30: include[2]: ${NONE} has no value; set NONE, or write ${NONE:-default}',
    'a.yaml:3:13: defaults.replicas: found "many"; allowed: a whole number from 0 to 1000, or auto',
    'a.yaml:4:12: defaults.env.X: found a list; allowed: a string, a number or a boolean, without NUL characters',
    'a.yaml:6:30: processes.web.env.A: ${NONE} has no value; set NONE, or write ${NONE:-default}',
    'a.yaml:7:9: processes.api.comand: unknown key; did you mean "command"?',
    'b.yaml:2:27: processes.web.backoff.factor: found 0; allowed: a number from 1 to 1000',
    'b.yaml:2:75: processes.web.env.B: found a list; allowed: a string, a number or a boolean, without NUL characters',
    'c.yaml:3:1: Flow map in block collection must be sufficiently indented and end with a }',
    'd.yaml:1:1: found "just text"; allowed: a map with processes',
    'cannot read e.yaml: there is no such file',
  ])
})

t.test('what is missing in all files is told where its map was written last', async (t) => {
  const { problems } = folderOf(t, {
    'a.yaml': 'processes:\n  web: {replicas: 1}\n  api: {replicas: 1}\n',
    'b.yaml': 'processes:\n\n  web: {replicas: 2, env: {A: null}}\n',
  })
  t.strictSame(await problems('a.yaml', 'b.yaml'), [
    'a.yaml:3:3: processes.api.command: missing; needed: a list of strings with at least one, or a string',
    'b.yaml:3:3: processes.web.command: missing; needed: a list of strings with at least one, or a string',
    'b.yaml:3:31: processes.web.env.A: found nothing; allowed: a string, a number or a boolean, without NUL characters',
  ])
})

t.test('what a stronger file replaces is not checked', async (t) => {
  const { load, problems } = folderOf(t, {
    'a.yaml': 'processes: {web: {command: "a | b", replicas: many, env: {A: "${NONE}"}}}',
    'b.yaml': 'processes: {web: {command: b, replicas: 2, env: {A: x}}}',
  })
  t.match(await load(['a.yaml', 'b.yaml']), { processes: { web: { command: ['b'], replicas: 2 } } })
  t.equal((await problems('b.yaml', 'a.yaml')).length, 3)
})

t.test('a list that replaced another is told by its own place', async (t) => {
  const { problems } = folderOf(t, {
    'a.yaml': 'processes: {web: {command: [a, b, c]}}',
    'b.yaml': 'processes: {web: {command: \'a "${port.x}"\'}}',
  })
  t.strictSame(await problems('a.yaml', 'b.yaml'), [
    'b.yaml:1:28: processes.web.command[1]: ${port.x} has no value: the process has no port "x"',
  ])
})

t.test(
  'null removes what an earlier file or the defaults have; the default of Ringmaster holds then',
  async (t) => {
    const { load } = folderOf(t, {
      'a.yaml': `
defaults: {replicas: 3, restartLimit: {count: 1}, backoff: {factor: 5}, env: {D: d, E: e}}
processes:
  web: {command: a, args: [x], backoff: {jitter: 1}, env: {A: a, B: b}}
  gone: {command: a}
  again: {command: a, args: [x]}
`,
      'b.yaml': `
http: {port: null}
stateDir: null
processes:
  web: {replicas: null, restartLimit: null, backoff: null, env: {A: null, D: null}}
  gone: null
  again: null
`,
      'c.yaml': `
processes: {web: {backoff: {maxSeconds: 1}}, again: {command: c}}
`,
      'z.yaml': 'http: {port: 1, host: a}\nstateDir: state',
    })
    t.strictSame(await load(['z.yaml', 'a.yaml', 'b.yaml', 'c.yaml']), {
      http: { host: 'a' },
      stateDir: null,
      processes: {
        web: {
          restartLimit: null,
          command: ['a'],
          args: ['x'],
          backoff: { maxSeconds: 1 },
          env: { E: 'e', B: 'b' },
        },
        again: {
          replicas: 3,
          restartLimit: { count: 1 },
          backoff: { factor: 5 },
          command: ['c'],
          env: { D: 'd', E: 'e' },
        },
      },
    })
  },
)

t.test('null that has nothing to remove is a value that is forgotten', async (t) => {
  const { problems } = folderOf(t, {
    'a.yaml':
      'defaults: {env: {A: a}}\nprocesses: {web: {command: a, args: null, env: {B: null}}, api:}',
    'b.yaml': 'processes: {web: {args: null}}',
  })
  t.strictSame(await problems('a.yaml', 'b.yaml'), [
    'a.yaml:2:52: processes.web.env.B: found nothing; allowed: a string, a number or a boolean, without NUL characters',
    'a.yaml:2:60: processes.api: found nothing; allowed: a map with command',
    'b.yaml:1:25: processes.web.args: found nothing; allowed: a list of strings, or a string',
  ])
})

t.test('"__proto__" is a key like any other, in merges too', async (t) => {
  const { load, problems } = folderOf(t, {
    'a.yaml':
      '{"defaults": {"env": {"__proto__": "d"}}, "processes": {"web": {"command": "a", "kubernetes": {"__proto__": {"x": 1}}}}}',
    'b.yaml':
      '{"processes": {"web": {"env": {"__proto__": "x"}, "kubernetes": {"__proto__": {"y": 2}}}, "api": {"command": "a"}}}',
    'c.yaml':
      '{"__proto__": {"polluted": 1}, "processes": {"__proto__": {"polluted": 1}, "web": {"command": "a", "__proto__": {"polluted": 1}}}}',
  })
  const { processes } = await load(['a.yaml', 'b.yaml'])
  t.strictSame(Object.entries(processes['web']?.env ?? {}), [['__proto__', 'x']])
  t.strictSame(Object.entries(processes['api']?.env ?? {}), [['__proto__', 'd']])
  t.strictSame(JSON.stringify(processes['web']?.kubernetes), '{"__proto__":{"x":1,"y":2}}')
  t.match(await problems('a.yaml', 'c.yaml'), [
    /c.yaml:1:2: __proto__: unknown key/,
    /c.yaml:1:\d+: processes.__proto__: found the key "__proto__"/,
    /c.yaml:1:\d+: processes.web.__proto__: unknown key/,
  ])
  t.notOk('polluted' in {})
})

t.test('time grows with the number of processes, not with its square', async (t) => {
  const text = (count: number) => {
    const names = Array.from(
      { length: count },
      (_, index) => `  p${index}: {command: a, replicas: x}`,
    )
    return `processes:\n${names.join('\n')}`
  }
  /** In µs of CPU, which others on the machine hardly change; the least of three. */
  const costOf = async (count: number) => {
    const { load, problems } = folderOf(t, {
      'main.yaml': 'include: [many.yaml]\ndefaults: {env: {A: 1}, args: [x]}',
      'many.yaml': text(count).replaceAll('replicas: x', 'env: {B: 2}'),
      'wrong.yaml': `include: [main.yaml]\ndefaults: {nice: 1}\n${text(count)}`,
    })
    const costs = { right: Number.POSITIVE_INFINITY, wrong: Number.POSITIVE_INFINITY }
    for (let round = 0; round < 3; round += 1) {
      const begin = process.cpuUsage().user
      t.equal(Object.keys((await load(['main.yaml'])).processes).length, count)
      const middle = process.cpuUsage().user
      t.equal((await problems('wrong.yaml')).length, count + 1)
      costs.right = Math.min(costs.right, middle - begin)
      costs.wrong = Math.min(costs.wrong, process.cpuUsage().user - middle)
    }
    return costs
  }
  const [few, many] = [await costOf(500), await costOf(5000)]
  // 10 times as long, or 100 times.
  t.ok(many.right < 30 * few.right, `${few.right} µs, then ${many.right} µs`)
  t.ok(many.wrong < 30 * few.wrong, `${few.wrong} µs, then ${many.wrong} µs`)
})
