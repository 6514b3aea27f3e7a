// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import t from 'tap'
import { parseConfig } from '../../../src/config/load.ts'
import { logFilesOf } from '../../../src/plan/log-files.ts'
import { toPlan } from '../../../src/plan/to-plan.ts'

const parse = (processes: string, env = {}) =>
  parseConfig(`processes: ${processes}`, '/etc/app/f.yaml', { env })

async function problemsOf(processes: string): Promise<readonly string[]> {
  const error = await parse(processes).then(
    () => new Error(''),
    (error: Error) => error,
  )
  return error.message.split('\n').map((line) => line.replace(/^.*?\d: /, ''))
}

t.test('a file is filled in with the defaults, for each instance its own', async (t) => {
  const config = await parse(
    '{web: {command: a, replicas: 2, logs: {stdout: {file: "../$$log/${instance.name}-${process.name}.log"}, stderr: {file: "/e${instance.number}", maxBytes: 1, maxFiles: 2, maxAgeSeconds: 3s, compress: true}, format: json}}, api: {command: a, logs: {stdout: {file: "${DIR}/a"}}}}',
    { DIR: '/$$b${c}' },
  )
  const plan = toPlan(config, { isKubernetes: false, envFile: {} })
  const out = { maxBytes: 10_485_760, maxFiles: 5, maxAgeMs: 0, compress: false }
  const err = { format: 'json', maxBytes: 1, maxFiles: 2, maxAgeMs: 3000, compress: true }
  t.strictSame(
    logFilesOf(plan),
    [
      ...[1, 2].flatMap((number) => [
        {
          ...{ instance: `web.${number}`, stream: 'stdout' },
          target: { format: 'json', ...out, file: `/etc/$log/web.${number}-web.log` },
        },
        { instance: `web.${number}`, stream: 'stderr', target: { ...err, file: `/e${number}` } },
      ]),
      {
        instance: 'api.1',
        stream: 'stdout',
        target: { format: 'raw', ...out, file: '/$$b${c}/a' },
      },
    ],
    'and a dollar of a value is a dollar',
  )
})

t.test('the format of all processes is not that of files', async (t) => {
  const text = 'logs: {format: json}\nprocesses: {web: {command: a, logs: {stdout: {file: /a}}}}'
  const config = await parseConfig(text, '/f.yaml', { env: {} })
  const [use] = logFilesOf(toPlan(config, { isKubernetes: false, envFile: {} }))
  t.equal(use?.target.format, 'raw')
})

const wrong: readonly {
  readonly what: string
  readonly processes: string
  readonly problem: string
}[] = [
  {
    what: 'two instances',
    processes: '{web: {command: a, replicas: 3, logs: {stdout: {file: a.log}}}}',
    problem:
      'processes.web.logs.stdout.file: all instances would write to it; put ${instance.number} into it',
  },
  {
    what: 'both streams',
    processes: '{web: {command: a, logs: {stdout: {file: a}, stderr: {file: ./a}}}}',
    problem:
      'processes.web.logs.stderr.file: processes.web.logs.stdout is written to this file already; to join them write stderr: stdout',
  },
  {
    what: 'two processes',
    processes:
      '{web: {command: a, logs: {stdout: {file: "${process.name}.1"}}}, api: {command: a, logs: {stderr: {file: "/etc/app/web.${instance.number}"}}}}',
    problem:
      'processes.api.logs.stderr.file: processes.web.logs.stdout is written to this file already',
  },
  {
    what: 'a rotated file of another',
    processes:
      '{web: {command: a, logs: {stdout: {file: a.2.gz}}}, api: {command: a, logs: {stdout: {file: a, maxFiles: 2}}}}',
    problem:
      'processes.web.logs.stdout.file: "/etc/app/a.2.gz" is a rotated file of processes.api.logs.stdout.file',
  },
]
for (const { what, processes, problem } of wrong) {
  t.test(`a file of ${what} is refused`, async (t) => {
    t.same(await problemsOf(processes), [problem])
  })
}

t.test('what only looks alike is allowed', async (t) => {
  const files = ['a', 'a.3', 'a.0', 'a.1.bz2', 'ab', 'b.${instance.number}']
  const processes = files.map(
    (file, index) =>
      `p${index}: {command: a, logs: {stdout: {file: "${file}", maxFiles: 2}, stderr: capture}}`,
  )
  t.same(await problemsOf(`{${processes.join(', ')}}`), [''])
  t.same(
    await problemsOf(
      '{web: {command: a, replicas: 20, logs: {stdout: {file: "w.${instance.number}"}}}}',
    ),
    [''],
  )
})
