import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { FieldSchema } from '../../src/config/field-schema.ts'
import { parseConfig } from '../../src/config/load.ts'
import { ConfigSchema } from '../../src/config/schema.ts'
import { configurations, documents, section } from '../rig/documents.ts'
import { parseExposition } from '../rig/exposition.ts'
import { root } from '../rig/fixtures.ts'
import { everyMetric } from '../rig/metrics.ts'

t.test('every configuration in the docs is valid', async (t) => {
  for (const file of documents) {
    for (const { text, line } of configurations(file)) {
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
    ...rows(ConfigSchema, ''),
    '',
  ].join('\n')
  const { before, text, after } = section(readFileSync(path, 'utf8'), 'fields')
  if (process.env['RINGMASTER_WRITE']) writeFileSync(path, before + table + after)
  else t.equal(text, table)
})

t.test('docs/metrics.md has every metric of ours (RINGMASTER_WRITE=1 writes it)', async (t) => {
  const path = join(root, 'docs/metrics.md')
  const metrics = parseExposition(await everyMetric())
  const table = [
    '',
    '| metric | type | labels | meaning |',
    '|---|---|---|---|',
    ...metrics
      .filter(({ name }) => name.startsWith('ringmaster_'))
      .map(
        ({ name, type, labels, help }) =>
          `| \`${name}\` | ${type} | ${labels.join(', ')} | ${help} |`,
      ),
    '',
  ].join('\n')
  const { before, text, after } = section(readFileSync(path, 'utf8'), 'metrics')
  if (process.env['RINGMASTER_WRITE']) writeFileSync(path, before + table + after)
  else t.equal(text, table)
})

/** One line for each field that a file may have; those of a process once. */
function rows(schema: FieldSchema, path: string): string[] {
  return [schema, ...(schema.anyOf ?? [])].flatMap((map) => [
    ...Object.entries(map.properties ?? {})
      .filter(([, field]) => field.notYet !== true)
      .flatMap(([name, field]) => [
        row(`${path}${name}`, field, map.required?.includes(name)),
        ...(name === 'defaults' ? [] : rows(field, `${path}${name}.`)),
      ]),
    ...Object.values(map.patternProperties ?? {}).flatMap((field) => rows(field, `${path}NAME.`)),
    ...(map.items === undefined ? [] : rows(map.items, path.replace(/\.$/, '[].'))),
  ])
}

function row(path: string, field: FieldSchema, isRequired = false): string {
  const isMap = rows(field, '').length > 0
  const { default: standard, description = '' } = field
  const written = isMap || standard === undefined ? '' : `\`${JSON.stringify(standard)}\``
  const meaning = description.replaceAll('|', '\\|')
  return `| \`${path}\` | ${isRequired ? 'required' : written.replaceAll('"', '')} | ${meaning} |`
}
