import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { codeCachePath, compileBundle } from '../../src/os/bundle.ts'
import { root } from '../rig/fixtures.ts'
import { installWith } from '../rig/installation.ts'
import { alone } from '../rig/ringmaster.ts'
import { script, supervise } from '../rig/supervise.ts'

const helper = readFileSync(join(root, 'build', 'ringmaster-exec'), 'latin1')
const names = ['commands', 'late'] as const

t.test('the build has made a code cache of each bundle for this Node.js', async (t) => {
  for (const name of names) t.ok(existsSync(codeCachePath(name)), codeCachePath(name))
})

t.test('V8 takes the code cache that the build has made', async (t) => {
  // It is refused where flags were set since Node.js was started.
  for (const name of names) t.equal(compileBundle(name).script.cachedDataRejected, false, name)
})

for (const [rule, spoil] of [
  ['missing', (path: string) => rmSync(path)],
  ['empty', (path: string) => writeFileSync(path, '')],
  ['cut short', (path: string) => change(path, (bytes) => bytes.subarray(0, -1))],
  ['of other bytes', (path: string) => change(path, (bytes) => bytes.fill(0, 8))],
  ['wrong in one bit', (path: string) => change(path, flipOneBit)],
] as const) {
  t.test(`a code cache that is ${rule} is not used, and nothing is said of it`, async (t) => {
    const program = install(t)
    for (const name of names) spoil(join(program, '../../build', cacheFile(name)))
    await works(t, program)
  })
}

t.test('a bundle of another build does not take this code cache', async (t) => {
  const program = install(t)
  const bundle = join(program, '../../build/commands.cjs')
  // As long as before: V8 itself looks at nothing else.
  change(bundle, (bytes) => {
    const at = bytes.indexOf('Usage: ringmaster run')
    bytes.write('USAGE', at)
    return bytes
  })
  const { stdout } = await (await alone(t, ['run', '--help'], { program })).end()
  t.match(stdout, /^USAGE: ringmaster run/)
})

async function works(t: Test, program: string): Promise<void> {
  const processes = { web: script('echo hello; exit 3', { restartPolicy: 'Never' }) }
  const http = { host: '127.0.0.1', port: 0 }
  const { code, stdout, stderr } = await (
    await supervise(t, alone, { http, processes }, { program })
  ).end()
  t.equal(code, 3)
  t.equal(stdout, 'web.1 | hello\n')
  t.notMatch(stderr, /cache|Error/)
}

/** A copy that may be spoiled. */
function install(t: Test): string {
  const program = installWith(t, '')
  writeFileSync(join(program, '../../build/ringmaster-exec'), helper, 'latin1')
  return program
}

function cacheFile(name: (typeof names)[number]): string {
  return codeCachePath(name).split('/').at(-1) ?? ''
}

function change(path: string, how: (bytes: Buffer) => Buffer): void {
  writeFileSync(path, how(readFileSync(path)))
}

/** Somewhere in what V8 would believe. */
function flipOneBit(bytes: Buffer): Buffer {
  const at = Math.floor(bytes.length / 2)
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
  return bytes
}
