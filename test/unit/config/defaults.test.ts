// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import t from 'tap'
import { folderOf } from '../../rig/config-files.ts'

t.test('defaults hold for every process: maps merge, lists and scalars replace', async (t) => {
  const { load } = folderOf(t, {
    'a.yaml': `
defaults:
  command: [d]
  args: [x, y]
  securityContext: {runAsUser: 1, capabilities: {drop: [ALL]}}
  resources: {rlimits: {nofile: 1, core: 0}}
processes:
  web: {args: [z], securityContext: {runAsGroup: 2}, resources: {rlimits: {nofile: 2}}}
  api: {}
`,
    'b.yaml': 'defaults: {args: [w], securityContext: {runAsUser: 3}}',
  })
  const securityContext = { runAsUser: 3, capabilities: { drop: ['ALL'] } }
  t.strictSame((await load(['a.yaml', 'b.yaml'])).processes, {
    web: {
      command: ['d'],
      args: ['z'],
      securityContext: { ...securityContext, runAsGroup: 2 },
      resources: { rlimits: { nofile: 2, core: 0 } },
    },
    api: {
      command: ['d'],
      args: ['w'],
      securityContext,
      resources: { rlimits: { nofile: 1, core: 0 } },
    },
  })
})

t.test('what is wrong with a default is told once, in its own place', async (t) => {
  const { problems } = folderOf(t, {
    'a.yaml': `defaults:
  replica: 3
  env: {A: "\${port.http}", B: "\${NONE}"}
  ports: [{name: http}]
  hooks: [x]
processes:
  a: {command: a}
  b: {command: b}
  c: {command: c, ports: [], env: {A: x}}
`,
  })
  t.strictSame(await problems('a.yaml'), [
    'a.yaml:2:3: defaults.replica: unknown key; did you mean "replicas"?',
    'a.yaml:3:31: defaults.env.B: ${NONE} has no value; set NONE, or write ${NONE:-default}',
    'a.yaml:4:11: defaults.ports[0].containerPort: missing; needed: a port from 1 to 65535, such as 8080 or 80${instance.number}',
    'a.yaml:5:3: defaults.hooks: not yet supported; remove it',
  ])
})
