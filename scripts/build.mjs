// Builds everything that a clone lacks: the native part (plain cc), the type-checked tests (out/), the bundle (build/).
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
process.chdir(root)

const native = 'src/native'
/** Commands that `exec` shall not load. */
const apart = ['run', 'check', 'render', 'schema']
const warnings = ['-std=c11', '-Wall', '-Wextra', '-Werror', '-Wshadow', '-Wstrict-prototypes']

mkdirSync('build', { recursive: true })
// No C library is linked: the one of the running Node.js resolves every name, so one file serves glibc (old ones too)
// and musl. "now" has a missing name fail the load, and not the first call.
const addon = ['addon', 'exits', 'signals', 'faults', 'io', 'terminal', 'processes', 'self']
cc([
  ...[...warnings, '-O2', '-g0', '-fPIC', '-shared', '-fvisibility=hidden', '-D_GNU_SOURCE'],
  ...['-nostdlib', '-Wl,-z,now', '-Wl,--build-id=none', '-s', '-isystem', nodeHeaders()],
  ...['-o', 'build/ringmaster.node', ...addon.map((name) => `${native}/${name}.c`)],
])
cc([
  ...[...warnings, '-Os', '-g0', '-ffreestanding', '-nostdlib', '-static', '-fno-pie', '-no-pie'],
  ...[
    '-fno-stack-protector',
    '-fno-asynchronous-unwind-tables',
    '-Wl,--build-id=none,-z,noseparate-code',
    '-s',
  ],
  ...['-o', 'build/ringmaster-exec', `${native}/exec-helper.c`],
])

const bundling = {
  outdir: 'build',
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  minifySyntax: true,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
}
const bundles = [
  // One file, and CommonJS: another file costs `exec` a millisecond and a descriptor, the loader of ES modules 4 ms. What it
  // shares with `run` stands in both.
  await build({
    ...bundling,
    entryPoints: { ringmaster: 'src/cli/main.ts' },
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    define: { 'import.meta.url': 'bundleUrl' },
    banner: { js: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
    plugins: [{ name: 'apart', setup: keepApart }],
  }),
  await build({
    ...bundling,
    entryPoints: Object.fromEntries(apart.map((name) => [name, `src/cli/${name}.ts`])),
    format: 'esm',
    splitting: true,
    chunkNames: 'chunk-[hash]',
    // fastify and pino are CommonJS and call require() for node: modules.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
  }),
]
const outputs = bundles.flatMap(({ metafile }) => Object.keys(metafile.outputs))
// Chunks of an earlier build.
for (const file of readdirSync('build')) {
  if (/\.c?js$/.test(file) && !outputs.includes(`build/${file}`)) rmSync(join('build', file))
}
run(process.execPath, ['node_modules/typescript/bin/tsc', '--noEmitOnError'])

function keepApart({ onResolve }) {
  const filter = new RegExp(`^\\./(${apart.join('|')})\\.ts$`)
  onResolve({ filter }, ({ path }) => ({ path: path.replace(/ts$/, 'js'), external: true }))
}

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
function run(command, args, whenMissing = `cannot find ${command}`) {
  try {
    execFileSync(command, args, { stdio: 'inherit' })
  } catch (error) {
    if (error.code === 'ENOENT') console.error(whenMissing)
    process.exit(1)
  }
}
