// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import t from 'tap'
import { expandVariables } from '../../../src/config/variables.ts'

const environment = { A: 'a', EMPTY: '', DOLLARS: '$$ ${A} ${instance.name}' }

t.test('variables are put in', async (t) => {
  for (const [text, expected] of [
    ['x${A}y${A}', 'xaya'],
    ['${EMPTY}', ''],
    ['${NONE:-b c}', 'b c'],
    ['${EMPTY:-b}', 'b'],
    ['${A:-b}', 'a'],
    ['${NONE:-}', ''],
    ['${NONE:-a$$b}', 'a$b'],
    ['${A:?needed}', 'a'],
    ['$$', '$'],
    ['$${A}', '${A}'],
    ['$$$$', '$$'],
    ['$A $ $(A) {A}', '$A $ $(A) {A}'],
    ['', ''],
  ] as const) {
    t.strictSame(
      expandVariables(text, { env: environment }, undefined),
      { text: expected, problems: [] },
      text,
    )
  }
})

t.test('what the container may use is bytes, and CPUs that are begun', async (t) => {
  const of = (text: string, cpus?: number, memory?: number) =>
    expandVariables(
      text,
      { env: {}, machine: { cpus: () => cpus, memoryLimitBytes: () => memory } },
      undefined,
    ).text
  const text = '${cgroup.memory:-none} ${cgroup.cpus:-none}'
  t.equal(of(text, 4, 33_554_432), '33554432 4')
  t.equal(of(text, 1.5), 'none 2')
  t.equal(of(text, 0.2), 'none 1')
  t.equal(of(text), 'none none')
})

t.test('a value is never expanded again', async (t) => {
  t.equal(expandVariables('${DOLLARS}', { env: environment }, undefined).text, environment.DOLLARS)
})

t.test(
  'a template keeps the variables of an instance and doubles every dollar of a value',
  async (t) => {
    t.strictSame(
      expandVariables('${instance.name} ${DOLLARS} $$ $B', { env: environment }, 'text'),
      {
        text: '${instance.name} $$$$ $${A} $${instance.name} $$ $B',
        problems: [],
      },
    )
  },
)

t.test('each variable that cannot be put in is told', async (t) => {
  for (const [text, problem] of [
    ['${NONE}', '${NONE} has no value; set NONE, or write ${NONE:-default}'],
    ['${toString}', '${toString} has no value; set toString, or write ${toString:-default}'],
    ['${NONE:?}', '${NONE} has no value: it must be set'],
    ['${EMPTY:?set it to a path}', '${EMPTY} has no value: set it to a path'],
    ['${A', '"${" has no "}"; write "$$" for a dollar'],
    ['${A:-${B}}', '"${A:-${B" holds another variable, which is not supported'],
    [
      '${A-b}',
      '${A-b} is no variable; allowed: ${NAME}, ${NAME:-default}, ${NAME:?message}, and "$$" for a dollar',
    ],
    ['${instance.nmae}', '${instance.nmae} is no variable; did you mean ${instance.name}?'],
    [
      '${port.http}',
      '${port.http} can stand in command, args, env, workingDir, probes, lifecycle and log files only',
    ],
    [
      '${instance.number}',
      '${instance.number} can stand in command, args, env, workingDir, probes, lifecycle, log files and containerPort only',
    ],
    ['${socket.web}', '${socket.web} can stand in command, args and env only'],
    [
      '${cgroup.memory}',
      '${cgroup.memory} has no value; limit it for the container, or write ${cgroup.memory:-default}',
    ],
    ['${cgroup.cpu}', '${cgroup.cpu} is no variable; did you mean ${cgroup.cpus}?'],
    [
      '${instance.name}',
      '${instance.name} can stand in command, args, env, workingDir, probes, lifecycle and log files only',
    ],
  ] as const) {
    t.strictSame(expandVariables(text, { env: environment }, undefined).problems, [problem], text)
  }
  t.equal(expandVariables('${B} ${C}', { env: {} }, undefined).problems.length, 2)
})
