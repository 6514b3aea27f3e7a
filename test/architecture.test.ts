import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import t from 'tap'
import { root } from './rig/fixtures.ts'

/** Who may import whom, types included. A file that is named has its own row. */
const allowed: Record<string, readonly string[]> = {
  lib: [],
  config: ['lib'],
  plan: ['config', 'lib'],
  core: ['plan', 'lib'],
  ports: ['core', 'plan', 'lib'],
  runtime: ['ports', 'core', 'plan', 'lib'],
  os: ['ports', 'core', 'plan', 'lib'],
  output: ['ports', 'core', 'plan', 'lib'],
  observe: ['ports', 'core', 'plan', 'lib'],
  probes: ['ports', 'core', 'plan', 'lib'],
  wire: ['lib'],
  api: ['wire', 'ports', 'core', 'plan', 'lib'],
  client: ['wire', 'os', 'lib'],
  'index.ts': ['client', 'wire', 'lib'],
  exec: ['os', 'lib'],
  cli: ['client', 'wire', 'config', 'plan', 'lib'],
  'cli/configuration.ts': ['config', 'plan', 'os', 'cli', 'lib'],
  'cli/held-signals.ts': ['os', 'plan'],
  'cli/print.ts': ['os', 'cli'],
  'cli/shell.ts': ['client', 'os', 'cli', 'lib'],
  'cli/probe.ts': ['os', 'cli', 'lib'],
  'cli/exec.ts': ['exec', 'cli', 'lib'],
  'cli/main.ts': ['cli', 'os', 'lib'],
  'late.ts': ['api', 'observe', 'probes'],
  'cli/run.ts': ['app.ts', 'config', 'plan', 'cli', 'lib'],
  'app.ts': ['app', 'core', 'lib', 'observe', 'os', 'output', 'plan', 'ports', 'runtime'],
  app: ['api', 'late.ts', 'lib', 'observe', 'os', 'output', 'plan', 'ports', 'runtime'],
}

/** Packages, and the only places that may import them. */
const packages: Record<string, readonly string[]> = {
  '@sinclair/typebox': ['config', 'wire', 'api'],
  yaml: ['config', 'cli/print-yaml.ts'],
  pino: ['observe'],
  re2js: ['lib'],
  'prom-client': ['observe'],
  fastify: ['api'],
  'node:child_process': ['os'],
}

/** Decisions are made without the machine. */
const pure = ['core', 'plan']

const src = join(root, 'src')
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({ file: file.split(sep).join('/'), imports: importsOf(join(src, file)) }))

t.test('every folder imports only what stands below it', async (t) => {
  for (const { file, imports } of files) {
    const row = allowed[file] ?? allowed[room(file)]
    t.ok(row, `${file} has a row in the table`)
    for (const name of imports.filter((name) => name.startsWith('.'))) {
      const target = relative(src, join(src, file, '..', name))
      const isOwn = room(target) === room(file) && row === allowed[room(file)]
      t.ok(isOwn || row?.includes(room(target)), `${file} may import ${target}`)
    }
  }
})

t.test('every package is imported in one room', async (t) => {
  for (const { file, imports } of files) {
    for (const name of imports.filter((name) => !name.startsWith('.'))) {
      const places = packages[packageOf(name)]
      if (!name.startsWith('node:')) t.ok(places, `${file}: ${name} has a row in the table`)
      if (places) t.ok(places.includes(room(file)) || places.includes(file), `${file}: ${name}`)
    }
  }
})

t.test('what decides does not reach the machine', async (t) => {
  for (const { file, imports } of files.filter(({ file }) => pure.includes(room(file)))) {
    t.same(
      imports.filter((name) => !name.startsWith('.')),
      [],
      file,
    )
    t.notMatch(
      readFileSync(join(src, file), 'utf8'),
      /\b(process\.(env|pid|on)|Date\.now|Math\.random|performance\.|setTimeout|console\.)/,
      `${file} has no clock, chance or process`,
    )
  }
})

t.test('ports are interfaces alone', async (t) => {
  for (const { file } of files.filter(({ file }) => room(file) === 'ports')) {
    const text = readFileSync(join(src, file), 'utf8')
    t.notMatch(text, /^export (function|class|const|let)/m, file)
    t.notMatch(text, /^import (?!type )/m, file)
  }
})

/** The folder of a file, or the file itself where it lies in no folder. */
function room(file: string): string {
  return file.split('/')[0] ?? file
}

function packageOf(name: string): string {
  const depth = name.startsWith('@') ? 2 : 1
  return name.startsWith('node:') ? name : name.split('/').slice(0, depth).join('/')
}

/** What a file names in `import … from`, `export … from`, `import()`, `import.meta.resolve()` and its own `require()`. */
function importsOf(path: string): string[] {
  const text = readFileSync(path, 'utf8')
  const forms = [
    /^(?:import|export)\b[^'"]*?\bfrom '([^']+)'/gm,
    /^import '([^']+)'/gm,
    /\bimport\('([^']+)'\)/g,
    /\bimport\.meta\.resolve\('([^']+)'\)/g,
    /\bcreateRequire\(import\.meta\.url\)\('([^']+)'\)/g,
  ]
  return forms.flatMap((form) => [...text.matchAll(form)].map((match) => match[1] ?? ''))
}
