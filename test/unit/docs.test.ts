import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { jsonSchema } from '../../src/config/json-schema.ts'
import { parseConfig } from '../../src/config/load.ts'
import { blocks, documents, section } from '../rig/documents.ts'
import { root } from '../rig/fixtures.ts'

t.test('every configuration in the docs is valid', async (t) => {
  for (const file of documents) {
    for (const { text, line } of blocks(file, 'yaml')) {
      await t.resolves(parseConfig(text, file, { env: {} }), `${file}:${line}`)
    }
  }
})

t.test('docs/configuration.md has every field (RINGMASTER_WRITE=1 writes it)', async (t) => {
  const path = join(root, 'docs/configuration.md')
  const table = [
    '',
    '| field | default | meaning |',
    '|---|---|---|',
    ...rows(jsonSchema()),
    '',
  ].join('\n')
  const { before, text, after } = section(readFileSync(path, 'utf8'), 'fields')
  if (process.env['RINGMASTER_WRITE']) writeFileSync(path, before + table + after)
  else t.equal(text, table)
})

interface Field {
  readonly description?: string
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, Field>>
  readonly patternProperties?: Readonly<Record<string, Field>>
  readonly anyOf?: readonly Field[]
  readonly required?: readonly string[]
}

function rows(schema: Field, path = ''): string[] {
  const maps = [schema, ...(schema.anyOf ?? [])]
  return maps.flatMap((map) => [
    ...Object.entries(map.properties ?? {}).flatMap(([name, field]) => {
      const inner = rows(field, `${path}${name}.`)
      return [
        row(`${path}${name}`, field, inner.length > 0, map.required?.includes(name)),
        ...inner,
      ]
    }),
    ...Object.entries(map.patternProperties ?? {})
      .filter(([pattern]) => pattern !== '^x-')
      .flatMap(([, field]) => rows(field, `${path}NAME.`)),
  ])
}

function row(path: string, field: Field, isMap: boolean, isRequired = false): string {
  const standard = isMap || field.default === undefined ? '' : `\`${String(field.default)}\``
  return `| \`${path}\` | ${isRequired ? 'required' : standard} | ${field.description?.replaceAll('|', '\\|')} |`
}
