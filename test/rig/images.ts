// Images for tests, built by buildah of what this machine has: Debian's packages, npm's Node.js, and the project's Dockerfile.
import { spawnSync } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import { root } from './fixtures.ts'
import { plainEnv } from './launched.ts'
import { nodeOf } from './nodes.ts'
import { unless } from './ringmaster.ts'

const tools = ['podman', 'buildah', 'runc', 'debootstrap', 'tini']

/** Reason to skip what needs real containers. */
export const needsContainers =
  unless(process.getuid?.() === 0, 'needs root, for containers') ||
  unless(
    tools.every((tool) => spawnSync(tool, ['--version']).error === undefined),
    `needs the Debian packages ${tools.join(', ')}`,
  )

const repository = 'localhost/ringmaster-test'
const debian = `${repository}/debian:bookworm`

export interface BaseImages {
  /** Has Node.js. */
  readonly slim: string
  /** Has Node.js, npm and a C compiler. */
  readonly full: string
}

/** What stands for `node:24-bookworm-slim` and `node:24-bookworm`. Made once on a machine. */
function baseImages(): BaseImages {
  const dockerfile = join(root, 'test/rig/base.Dockerfile')
  const node = nodeOf('24')
  const tag = hash([readFileSync(dockerfile), node.version])
  const images = { slim: `${repository}/node-slim:${tag}`, full: `${repository}/node:${tag}` }
  if (exists(images.slim) && exists(images.full)) return images
  withFolder((folder) => {
    if (!exists(debian)) makeDebian(folder)
    cpSync(node.path, join(folder, 'node'))
    const npm = realpathSync(run('sh', ['-c', 'command -v npm']))
    cpSync(dirname(dirname(npm)), join(folder, 'npm'), { recursive: true })
    writeNpmConfig(join(folder, 'etc'))
    for (const stage of ['slim', 'full'] as const) {
      const flags = ['--layers', '--network=host', '--target', stage, '-f', dockerfile]
      run('buildah', ['bud', '--isolation=chroot', ...flags, '-t', images[stage], folder])
    }
  })
  return images
}

/** The image of the project's Dockerfile. Built when the project has changed since the last time. */
export function projectImage(): string {
  const taken = readFileSync(join(root, '.dockerignore'), 'utf8').matchAll(/^!(.+)$/gm)
  const inputs = [...taken].flatMap(([, path = '']) => filesOf(join(root, path)))
  const dockerfiles = ['Dockerfile', '.dockerignore'].map((name) => join(root, name))
  const { slim, full } = baseImages()
  const content = [...dockerfiles, ...inputs].flatMap((file) => [file, readFileSync(file)])
  const image = `${repository}/ringmaster:${hash([slim, ...content])}`
  if (!exists(image)) {
    const bases = ['--build-arg', `BUILD_IMAGE=${full}`, '--build-arg', `RUNTIME_IMAGE=${slim}`]
    build(image, root, ['--network=host', ...bases])
  }
  return image
}

/** Builds the Dockerfile in `folder`, which stands on images of this file; returns its name. It is gone after the test. */
export function userImage(t: Pick<Test, 'teardown'>, folder: string): string {
  const image = `${repository}/user:${randomUUID()}`
  const stands = {
    'node:24-bookworm-slim': baseImages().slim,
    'debian:bookworm-slim': debian,
    ringmaster: projectImage(),
  }
  const contexts = Object.entries(stands).map(
    ([name, stand]) => `--build-context=${name}=container-image://${stand}`,
  )
  build(image, folder, contexts)
  t.teardown(() => void run('podman', ['rmi', '--ignore', image]))
  return image
}

/** Docker's format: that of OCI has no HEALTHCHECK. What no test used for a day is removed. */
function build(image: string, folder: string, flags: readonly string[]): void {
  const label = 'ringmaster-test=image'
  const common = ['--isolation=chroot', '--format=docker', '--label', label, '-t', image]
  run('buildah', ['bud', ...common, ...flags, folder])
  const old = ['--filter', `label=${label}`, '--filter', 'until=24h']
  run('podman', ['image', 'prune', '--all', '--force', ...old])
}

/** npm reaches its registry from an image as it does from here. */
function writeNpmConfig(folder: string): void {
  mkdirSync(folder)
  const [registry = '', authority = ''] = ['registry', 'cafile'].map((key) =>
    run('npm', ['config', 'get', key]),
  )
  const lines = [`registry=${registry}`]
  if (existsSync(authority)) {
    cpSync(authority, join(folder, 'authority.crt'))
    lines.push('cafile=/usr/local/etc/authority.crt')
  }
  writeFileSync(join(folder, 'npmrc'), lines.join('\n'))
}

function makeDebian(folder: string): void {
  const target = join(folder, 'debian')
  run('debootstrap', ['--variant=minbase', 'bookworm', target])
  const archive = join(folder, 'debian.tar')
  const without = ['--exclude=./var/cache/apt/archives/*.deb', '--exclude=./var/lib/apt/lists/*']
  run('tar', ['-C', target, '-cf', archive, ...without, '.'])
  rmSync(target, { recursive: true })
  run('podman', ['import', archive, debian])
}

function exists(image: string): boolean {
  return spawnSync('podman', ['image', 'exists', image]).status === 0
}

function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesOf(join(path, name)))
}

function hash(content: readonly (string | Buffer)[]): string {
  const sum = createHash('sha256')
  for (const piece of content) sum.update(`${piece.length} `).update(piece)
  return sum.digest('hex').slice(0, 16)
}

function withFolder(work: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'ringmaster-image-'))
  try {
    work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What it prints. Throws with all it said when it fails, or takes ten minutes. */
function run(command: string, args: readonly string[]): string {
  const options = { env: plainEnv, encoding: 'utf8', timeout: 600_000, maxBuffer: 2 ** 26 } as const
  const { status, stdout, stderr, error } = spawnSync(command, args, options)
  if (status === 0) return stdout.trim()
  throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? status}\n${stdout}\n${stderr}`)
}
