import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { loadFiles } from '../../../src/config/load.ts'
import { showConfig } from '../../../src/config/show.ts'

const env = { TOKEN: 'hunter2', PORT: '8080', HOME_DIR: '/srv/app', MODE: 'x' }

async function shown(...texts: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'ringmaster-show-'))
  try {
    const files = texts.map((text, index) => {
      const file = join(folder, `${index}.yaml`)
      writeFileSync(file, text)
      return file
    })
    writeFileSync(join(folder, 'secret.env'), 'FROM_FILE=hunter2\n')
    const loaded = await loadFiles(files, { env })
    const config = showConfig(loaded.texts, { env }) as Record<string, unknown>
    return { config, folder, text: JSON.stringify(config) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

t.test('no secret is shown, wherever it stands', async (t) => {
  const { config, text, folder } = await shown(`
x-anchors: {password: hunter2}
defaults: {env: {PASSWORD: hunter2}}
processes:
  web:
    command: 'web --token=\${TOKEN} --mode \${MODE:-none} --port \${PORT} --id \${instance.name}'
    env: {API_KEY: hunter2, FROM: '\${TOKEN}'}
    envFrom: [{file: secret.env}]
    ports: [{containerPort: '\${PORT}'}]
    readinessProbe: {httpGet: {port: 80, path: '/?t=\${TOKEN}', httpHeaders: [{name: Authorization, value: hunter2}]}}
    lifecycle: {preStop: {exec: {command: [bye, '\${TOKEN}']}}}
    workingDir: \${HOME_DIR}
`)
  t.notMatch(text, /hunter2/)
  t.strictSame(config, {
    processes: {
      web: {
        command: [
          ...['web', '--token=${TOKEN}', '--mode', '${MODE}', '--port', '${PORT}'],
          ...['--id', '${instance.name}'],
        ],
        env: { PASSWORD: '(hidden)', API_KEY: '(hidden)', FROM: '(hidden)' },
        envFrom: [{ file: join(folder, 'secret.env') }],
        ports: [{ containerPort: 8080 }],
        readinessProbe: {
          httpGet: {
            ...{ port: 80, path: '/?t=${TOKEN}' },
            httpHeaders: [{ name: 'Authorization', value: '(hidden)' }],
          },
        },
        lifecycle: { preStop: { exec: { command: ['bye', '${TOKEN}'] } } },
        workingDir: '/srv/app',
      },
    },
  })
})

t.test('several files are one, and each value is as it is written', async (t) => {
  const { config } = await shown(
    'processes: {web: {command: [web], stopSignal: INT}, old: {command: [old]}}',
    'include: []\nprocesses: {web: {replicas: 3, resources: {umask: "022"}}, old: null}\nlogs: {level: debug}',
  )
  t.strictSame(config, {
    processes: {
      web: { command: ['web'], stopSignal: 'SIGINT', replicas: 3, resources: { umask: '022' } },
    },
    logs: { level: 'debug' },
  })
})
