// Builds everything that a clone lacks: the native part (plain cc), the type-checked tests (out/), the bundle (build/).
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { evaluatedSchemas } from './evaluated-schemas.mjs'
import { partsLeftOut } from './left-out.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
process.chdir(root)

const native = 'src/native'
const warnings = ['-std=c11', '-Wall', '-Wextra', '-Werror', '-Wshadow', '-Wstrict-prototypes']

mkdirSync('build', { recursive: true })
// No C library is linked: the one of the running Node.js resolves every name, so one file serves glibc (old ones too)
// and musl. "now" has a missing name fail the load, and not the first call.
const addon = [
  'addon',
  'checksum',
  'datagrams',
  'exits',
  'faults',
  'io',
  'lines',
  'local-sockets',
  'loop',
  'memory',
  'processes',
  'readiness',
  'self',
  'signals',
  'sockets',
  'terminal',
]
const library = [
  ...[...warnings, '-O2', '-g0', '-fPIC', '-shared', '-fvisibility=hidden', '-D_GNU_SOURCE'],
  ...['-nostdlib', '-Wl,-z,now', '-Wl,--build-id=none', '-s'],
  // Else gcc calls libgcc for atomic instructions.
  ...(process.arch === 'arm64' ? ['-mno-outline-atomics'] : []),
]
const files = addon.map((name) => `${native}/${name}.c`)
cc([...library, '-isystem', nodeHeaders(), '-o', 'build/ringmaster.node', ...files])
const latch = `${native}/latch.c`
cc([...library, '-Wl,-z,noseparate-code', '-o', 'build/ringmaster-latch.so', latch])
for (const [program, source] of [
  ['ringmaster-exec', 'exec-helper.c'],
  ['ringmaster-entry', 'entry.c'],
]) {
  cc([
    ...[...warnings, '-Os', '-g0', '-ffreestanding', '-nostdlib', '-static', '-fno-pie', '-no-pie'],
    ...['-fno-stack-protector', '-fno-asynchronous-unwind-tables'],
    ...['-Wl,--build-id=none,-z,noseparate-code', '-s'],
    ...['-o', `build/${program}`, `${native}/${source}`],
  ])
}

// An esbuild plugin: what compiles patterns is read by those who have one.
const patternsApart = {
  name: 'patterns-apart',
  setup({ onResolve }) {
    onResolve({ filter: /\/lib\/patterns\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './patterns.cjs', external: true } : undefined,
    )
  },
}

// CommonJS, and one file each: the loader of ES modules costs a start 4 ms, each further file one more. What two of them
// share stands in both.
const bundling = {
  outdir: 'build',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20.19',
  supported: { 'dynamic-import': false },
  define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
  minifySyntax: true,
  // Read, summed up and kept in memory at each start. Names stay, and lines, for stack traces.
  minifyWhitespace: true,
  lineLimit: 200,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
}
const bundles = [
  await build({
    ...bundling,
    entryPoints: {
      ringmaster: 'src/cli/main.ts',
      index: 'src/index.ts',
      patterns: 'src/lib/patterns.ts',
    },
  }),
  await build({
    ...bundling,
    entryPoints: {
      commands: 'src/cli/commands.ts',
      client: 'src/cli/client-commands.ts',
      late: 'src/late.ts',
    },
    // As ES modules yaml is a third smaller: what is not used can be left out.
    alias: { yaml: join(root, 'node_modules/yaml/browser/dist/index.js') },
    // Parts of fastify that src/api/compilers.ts replaces, and one for tests: never loaded.
    external: [
      '@fastify/ajv-compiler',
      '@fastify/fast-json-stringify-compiler',
      'light-my-request',
    ],
    plugins: [evaluatedSchemas(join(root, 'src/config')), patternsApart, partsLeftOut],
    banner: { js: '(function (exports, require, module, __filename, __dirname) {' },
    footer: { js: '})' },
  }),
]
const bundled = Object.assign({}, ...bundles.map(({ metafile }) => metafile.outputs))
const outputs = Object.keys(bundled)
// What is in each of them, for the tests.
writeFileSync(
  'build/bundled.json',
  JSON.stringify(
    Object.fromEntries(
      outputs.map((output) => [basename(output), Object.keys(bundled[output].inputs)]),
    ),
  ),
)
// Bundles of an earlier build.
for (const file of readdirSync('build')) {
  if (/\.(c?js|cache)$/.test(file) && !outputs.includes(`build/${file}`))
    rmSync(join('build', file))
}
// A test that is gone would still be run.
rmSync('out', { recursive: true, force: true })
run(process.execPath, ['node_modules/typescript/bin/tsc', '--noEmitOnError'])
run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.types.json'])
run(process.execPath, ['scripts/code-cache.mjs'], undefined, ['ignore', 'ignore', 'inherit'])

/** The headers that belong to this Node, else the vendored ones (the ABI used here is the same in all supported versions). */
function nodeHeaders() {
  const own = join(dirname(process.execPath), '..', 'include', 'node')
  return ['node_api.h', 'uv.h'].every((name) => existsSync(join(own, name)))
    ? own
    : join('third_party', 'node-headers')
}

function cc(args) {
  const compiler = process.env['CC'] ?? 'cc'
  run(
    compiler,
    args,
    `cannot build the native part: no C compiler "${compiler}". Install one (Debian: gcc libc6-dev) or set CC.`,
  )
}

/** A compiler explains its failure itself; one that is not there needs `whenMissing`. */
function run(command, args, whenMissing = `cannot find ${command}`, stdio = 'inherit') {
  try {
    execFileSync(command, args, { stdio })
  } catch (error) {
    if (error.code === 'ENOENT') console.error(whenMissing)
    process.exit(1)
  }
}
