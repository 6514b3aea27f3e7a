import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root } from './rig/fixtures.ts'

interface Locked {
  readonly version: string
  readonly resolved?: string
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, Locked>>
}

t.test(
  'the lockfile names the packages of every platform, so that npm ci works on each',
  async (t) => {
    for (const [path, { optionalDependencies }] of Object.entries(lock.packages)) {
      for (const name of Object.keys(optionalDependencies ?? {})) {
        t.ok(
          lock.packages[`${path}/node_modules/${name}`] ?? lock.packages[`node_modules/${name}`],
          name,
        )
      }
    }
  },
)

t.test('the lockfile names no host', async (t) => {
  t.same(
    Object.values(lock.packages).filter(({ resolved }) => resolved !== undefined),
    [],
  )
})
