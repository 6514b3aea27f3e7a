// The Node.js versions on which Ringmaster has to run, each as an executable.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './fixtures.ts'
import { plainEnv } from './launched.ts'

const majors = ['20', '22', '24', '26']

export interface Node {
  /** `v24.1.0` */
  readonly version: string
  readonly path: string
}

/**
 * The running Node.js, and the other supported majors, which npm installs into `build/nodes/` when they are not there:
 * some 100 MB each, so for slow tests only.
 */
export function installNodes(): readonly Node[] {
  const own = process.versions.node.split('.')[0] ?? ''
  return majors.map((major) => (major === own ? withVersion(process.execPath) : nodeOf(major)))
}

/** Node.js of this major as npm has it: one file, that needs only what Debian has. */
export function nodeOf(major: string): Node {
  return withVersion(installNode(major))
}

function withVersion(path: string): Node {
  return { path, version: execFileSync(path, ['-v'], { env: plainEnv }).toString().trim() }
}

function installNode(major: string): string {
  const name = `node-linux-${process.arch}`
  const folder = join(root, 'build', 'nodes', major)
  const path = join(folder, 'node_modules', name, 'bin', 'node')
  if (existsSync(path)) return path
  mkdirSync(folder, { recursive: true })
  const flags = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts']
  execFileSync('npm', ['install', '--prefix', folder, ...flags, `${name}@${major}`], {
    env: plainEnv,
    stdio: ['ignore', 2, 2],
  })
  return path
}
