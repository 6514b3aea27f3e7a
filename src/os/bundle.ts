import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Script } from 'node:vm'
import { buildFolder, native } from './native.ts'

/** `commands`: what reads a configuration. `client`: what speaks to a running Ringmaster. `late`: what `run` loads after the first spawns. */
export type BundleName = 'commands' | 'client' | 'late'

export interface Compiled {
  readonly script: Script
  readonly filename: string
}

/**
 * Runs a bundle, and returns what it exports. What V8 compiled of it at an earlier time is taken from its code cache when there
 * is one of this very Node.js: parsing and compiling are most of what a start costs. `client` has none, and no use for the addon.
 */
export function loadBundle(name: BundleName): unknown {
  const { script, filename } = compileBundle(name)
  const bundle: { exports: unknown } = { exports: {} }
  script.runInThisContext()(bundle.exports, require, bundle, filename, buildFolder)
  return bundle.exports
}

/** Compiles a bundle: a function with the parameters that Node.js gives a CommonJS module. */
export function compileBundle(name: BundleName): Compiled {
  const filename = bundlePath(name)
  const source = readFileSync(filename)
  const cachedData = name === 'client' ? undefined : readCodeCache(name, source)
  // Bundles are ASCII.
  const text = source.toString('latin1')
  return { script: new Script(text, { filename, ...(cachedData && { cachedData }) }), filename }
}

function bundlePath(name: BundleName): string {
  return join(buildFolder, `${name}.cjs`)
}

/** Where the code cache of a bundle is for the running Node.js. */
export function codeCachePath(name: BundleName): string {
  return join(buildFolder, `${name}-${process.version}-${process.arch}.cache`)
}

/** Keeps what is compiled of a bundle by now, functions that have run included. */
export function writeCodeCache(name: BundleName, script: Script): void {
  const code = script.createCachedData()
  const sum = Buffer.alloc(sumBytes)
  sum.writeDoubleLE(sumOf(readFileSync(bundlePath(name)), code))
  writeFileSync(codeCachePath(name), Buffer.concat([sum, code]))
}

const sumBytes = 8

/**
 * Undefined without a cache, and for one that is damaged, of another build of Node.js, or of another bundle. V8 looks at its own
 * version and flags and at the length of the source, and believes the rest: one wrong bit can end the process.
 */
function readCodeCache(name: BundleName, source: Buffer): Buffer | undefined {
  try {
    // Here, for V8 believes a cache of the same flags alone.
    native().collectAlone()
    const file = readFileSync(codeCachePath(name))
    const code = file.subarray(sumBytes)
    return file.readDoubleLE() === sumOf(source, code) ? code : undefined
  } catch {
    // Whatever is wrong, a missing addon too: it goes without, and who needs the addon says so.
    return undefined
  }
}

function sumOf(source: Buffer, code: Buffer): number {
  const { size } = statSync(process.execPath)
  const node = `${JSON.stringify(process.versions)} ${process.arch} ${size}`
  return native().checksum(Buffer.from(node), source, code)
}
