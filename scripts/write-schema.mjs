// Writes config/ringmaster.schema.json from the schema in the code; a test holds the two equal. Needs out/ (npm run build).
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { jsonSchema } from '../out/src/config/json-schema.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const file = 'config/ringmaster.schema.json'
writeFileSync(`${root}${file}`, JSON.stringify(jsonSchema()))
execFileSync('node_modules/.bin/biome', ['format', '--write', file], { cwd: root })
