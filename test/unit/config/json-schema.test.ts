import { readFileSync } from 'node:fs'
import t from 'tap'
import { jsonSchema } from '../../../src/config/json-schema.ts'

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
