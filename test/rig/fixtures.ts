import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder that holds package.json, from out/ and from the sources alike. */
export const root = findRoot(dirname(fileURLToPath(import.meta.url)))

/**
 * The path of a small program for tests: `test/fixtures/NAME.c` compiled into `build/fixtures/NAME` when that is missing or
 * older. Test files run in parallel, so the compiler writes to a name of its own. Throws when there is no such fixture or it
 * does not compile.
 */
export function fixture(name: string): string {
  return compile(name, name, [])
}

/** As {@link fixture}, of what is loaded by LD_PRELOAD. */
export function library(name: string): string {
  return compile(name, `${name}.so`, ['-shared', '-fPIC'])
}

function compile(name: string, target: string, kind: readonly string[]): string {
  const source = join(root, 'test', 'fixtures', `${name}.c`)
  const program = join(root, 'build', 'fixtures', target)
  if (existsSync(program) && statSync(program).mtimeMs > statSync(source).mtimeMs) return program
  mkdirSync(dirname(program), { recursive: true })
  const unfinished = `${program}.${process.pid}`
  const flags = ['-std=c11', '-D_GNU_SOURCE', '-O1', '-Wall', '-Wextra', '-Werror']
  execFileSync(process.env['CC'] ?? 'cc', [...flags, ...kind, '-o', unfinished, source], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  renameSync(unfinished, program)
  return program
}

function findRoot(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder
  const parent = dirname(folder)
  if (parent === folder) throw new Error('cannot find package.json above the tests')
  return findRoot(parent)
}
