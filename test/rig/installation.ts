import { chmodSync, cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import { root } from './fixtures.ts'

const programs = ['ringmaster-entry', 'ringmaster-latch.so', 'ringmaster-exec']

/** The entry of a copy of all that is built. */
export function installWhole(t: Pick<Test, 'teardown'>): string {
  const build = join(dirname(installWith(t, undefined)), '..', 'build')
  for (const file of programs) cpSync(join(root, 'build', file), join(build, file))
  return join(build, 'ringmaster-entry')
}

/** The command line of a copy of what is built, with `helper` as its exec helper; undefined: without one. */
export function installWith(t: Pick<Test, 'teardown'>, helper: string | undefined): string {
  const folder = mkdtempSync(join(tmpdir(), 'ringmaster-copy-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const scripts = readdirSync(join(root, 'build')).filter((name) => /\.(cjs|cache)$/.test(name))
  const files = ['package.json', 'bin/package.json', 'bin/ringmaster', 'build/ringmaster.node']
  for (const file of [...files, ...scripts.map((name) => `build/${name}`)]) {
    cpSync(join(root, file), join(folder, file))
  }
  if (helper !== undefined) {
    writeFileSync(join(folder, 'build', 'ringmaster-exec'), helper)
    chmodSync(join(folder, 'build', 'ringmaster-exec'), 0o755)
  }
  return join(folder, 'bin', 'ringmaster')
}
