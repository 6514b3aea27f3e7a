// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import { join } from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import { loadFiles, parseConfig } from '../../../src/config/load.ts'
import { renderConfig } from '../../../src/config/render.ts'

const env = { DOLLARS: '$$ ${A} $(B)', HOST: '${A}' }

const files = {
  'a.env': 'F=${X}\n',
  'b.yaml': 'processes: {web: {args: ["${DOLLARS}", "$(A)", "${instance.name}", "$$"]}}',
  'a.yaml': `
include: [b.yaml]
x-mine: 3
defaults: {stopSignal: SIGINT, env: {D: d}}
http: {host: "\${HOST}"}
processes:
  web:
    command: a --port \${port.http}
    workingDir: data
    envFrom: [{file: a.env}]
    env: {A: 1.10, B: "true"}
    ports: [{name: http, containerPort: '80\${instance.number}'}]
    restartLimit: null
    resources: {umask: 027, rlimits: {nofile: 3}}
    lifecycle: {stopSignal: INT}
    kubernetes: {image: '$\${TAG}', list: [a, {b: null}]}
  api: {command: [b], stopSignal: RTMIN+3}
`,
}

t.test(
  'a config is one file: merged, with variables put in and without the defaults of Ringmaster',
  async (t) => {
    const folder = t.testdir(files)
    const { config } = await loadFiles([join(folder, 'a.yaml')], { env })
    t.strictSame(renderConfig(config), {
      http: { host: '$${A}' },
      processes: {
        web: {
          stopSignal: 'SIGINT',
          args: ['$$$$ $${A} $$(B)', '$(A)', '${instance.name}', '$$'],
          command: ['a', '--port', '${port.http}'],
          workingDir: join(folder, 'data'),
          env: { D: 'd', F: '$${X}', A: '1.10', B: 'true' },
          ports: [{ name: 'http', containerPort: '80${instance.number}' }],
          restartLimit: null,
          resources: { umask: '027', rlimits: { nofile: 3 } },
          lifecycle: { stopSignal: 'SIGINT' },
          kubernetes: { image: '$${TAG}', list: ['a', { b: null }] },
        },
        api: { stopSignal: 'SIGRTMIN+3', env: { D: 'd' }, command: ['b'] },
      },
    })
  },
)

t.test('what is rendered says the same, wherever it is read', async (t) => {
  const { config } = await loadFiles([join(t.testdir(files), 'a.yaml')], { env })
  const text = stringify(renderConfig(config))
  t.strictSame(await parseConfig(text, '/elsewhere/f.yaml', { env: {} }), config)
})
