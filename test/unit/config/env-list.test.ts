// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import t from 'tap'
import { fieldsOf, problemsOf, web } from '../../rig/fields.ts'

t.test("env may be Kubernetes' list, whose values keep their letters too", async (t) => {
  const list = '[{name: A, value: 1.10}, {name: __proto__, value: "${NO}"}, {name: EMPTY}]'
  const process = await fieldsOf(`env: ${list}`)
  t.strictSame(Object.entries(process?.env ?? {}), [
    ['A', '1.10'],
    ['__proto__', 'false'],
    ['EMPTY', ''],
  ])
  t.strictSame(await problemsOf(web('env: [{name: A, value: x}, {name: A}]')), [
    'f.yaml:1:65: processes.web.env[1].name: this name is in the list already; remove one of the two',
  ])
  t.strictSame(
    await problemsOf(`processes:
  web:
    command: a
    env:
      - {name: A, value: "\${NONE:?no}"}
      - {nam: B}
      - {name: C, valueFrom: {secretKeyRef: {name: a, key: b}}}
      - {name: A, value: [x]}
      - {name: D=E}
      - {value: x}
      - F=x
`),
    [
      'f.yaml:5:26: processes.web.env[0].value: ${NONE} has no value: no',
      'f.yaml:6:9: processes.web.env[1].name: missing; needed: the name of a variable, without "="',
      'f.yaml:6:10: processes.web.env[1].nam: unknown key; did you mean "name"?',
      'f.yaml:7:19: processes.web.env[2].valueFrom: not yet supported; remove it',
      'f.yaml:8:16: processes.web.env[3].name: this name is in the list already; remove one of the two',
      'f.yaml:8:26: processes.web.env[3].value: found a list; allowed: a string, a number or a boolean, without NUL characters',
      'f.yaml:9:16: processes.web.env[4].name: found "D=E"; allowed: the name of a variable, without "="',
      'f.yaml:10:9: processes.web.env[5].name: missing; needed: the name of a variable, without "="',
      'f.yaml:11:9: processes.web.env[6]: found "F=x"; allowed: a map with name, value',
    ],
  )
  t.strictSame(
    await problemsOf(web('env: [{name: A, value: x}, {name: B, value: "${NONE:?no}"}]')),
    ['f.yaml:1:75: processes.web.env.B: ${NONE} has no value: no'],
  )
})
