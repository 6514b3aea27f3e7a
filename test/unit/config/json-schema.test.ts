// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fastify } from 'fastify'
import t from 'tap'
import { parse } from 'yaml'
import { jsonSchema } from '../../../src/config/json-schema.ts'
import { configurations, documents } from '../../rig/documents.ts'
import { root } from '../../rig/fixtures.ts'

t.test(
  'config/ringmaster.schema.json is what the code says (node scripts/write-schema.mjs writes it)',
  async (t) => {
    const published: unknown = JSON.parse(readFileSync('config/ringmaster.schema.json', 'utf8'))
    t.strictSame(published, JSON.parse(JSON.stringify(jsonSchema())))
  },
)

t.test('every field says what it is for', async (t) => {
  t.strictSame(undescribed(jsonSchema(), []), [])
})

function undescribed(schema: unknown, path: readonly string[]): string[] {
  if (typeof schema !== 'object' || schema === null) return []
  const nested = Object.entries(schema).flatMap(([key, value]) =>
    undescribed(value, [...path, key]),
  )
  const isField = path.at(-2) === 'properties'
  return isField && !('description' in schema) ? [path.join('.'), ...nested] : nested
}

/** Asks a validator of JSON Schema, as an editor does. */
async function createValidator() {
  const customOptions = { coerceTypes: false, removeAdditional: false, useDefaults: false } as const
  const server = fastify({ ajv: { customOptions } })
  server.post('/', { schema: { body: jsonSchema() } }, async () => 'valid')
  return async (text: string): Promise<string> => {
    const { body } = await server.inject({
      method: 'POST',
      url: '/',
      payload: parse(text, { merge: true }),
    })
    return body
  }
}

t.test('an editor takes what is right, also where a file is only a part', async (t) => {
  const validate = await createValidator()
  const examples = documents.flatMap(configurations)
  const written = [
    readFileSync(join(root, 'config/example.yaml'), 'utf8'),
    ...examples.map(({ text }) => text),
    'defaults: {replicas: 2}',
    'include: [a.yaml]\nprocesses: {web: {replicas: null, env: {A: null}, backoff: null}, api: null}',
    'processes: {web: {command: a b, env: [{name: A, value: 1}], replicas: "${N}", restartPolicy: "${P}"}}',
    'processes: {web: {essential: "${E}", stopSignal: TERM, terminationGracePeriodSeconds: 5s}}',
    'processes: {web: {resources: {umask: 0777, rlimits: {nofile: "${N}"}}, restartLimit: null}}',
    'processes: {web: {ports: [{containerPort: "80${instance.number}"}, {containerPort: 80}]}}',
    'processes: {web: {securityContext: {runAsUser: "${U}"}, inheritEnv: [A], kubernetes: {a: [b]}}}',
    'processes: {web: {dependsOn: {api: ready}}, api: {dependsOn: [db]}}',
    'signals: {HUP: ignore, SIGUSR1: SIGTERM, USR2: "${X}"}\nx-mine: [1]',
  ]
  for (const text of written) t.equal(await validate(text), 'valid', text)
})

t.test('an editor marks what is wrong', async (t) => {
  const validate = await createValidator()
  for (const text of [
    'processes: {web: {comand: a}}',
    'defaults: {replica: 3}',
    'processes: {web: {replicas: many}}',
    'processes: {web: {env: [{nam: A}]}}',
    'processes: {web: {ports: [{name: a}]}}',
    'processes: {web: {restartPolicy: always}}',
    'processes: {web: {dependsOn: {a: healthy}}}',
    'processes: {web: {hooks: [a]}}',
    'processes: {all: {command: a}}',
    'processes: {web: {resources: {umask: 0999}}}',
    'signals: {KILL: ignore}',
    'signals: {HUP: restart}',
    'logs: {level: trace}',
    'http: true',
  ]) {
    t.match(await validate(text), /must/, text)
  }
})
