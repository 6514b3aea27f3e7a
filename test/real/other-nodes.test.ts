import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root } from '../rig/fixtures.ts'
import { plainEnv } from '../rig/launched.ts'
import { installNodes } from '../rig/nodes.ts'

t.setTimeout(900_000)

const folder = join(root, 'out', 'test', 'pid1')
/** The exec helper and the docs know no Node.js. */
const files = readdirSync(folder).filter((name) =>
  /^(native|entry|exec-[^h]|run-|sockets|on-demand).*\.test\.js$/.test(name),
)

for (const { version, path } of installNodes().filter(
  ({ version }) => version !== process.version,
)) {
  t.test(`all that holds on this Node.js holds on ${version}`, async (t) => {
    for (const file of files) {
      const { status, stdout } = spawnSync(path, [join(folder, file)], {
        cwd: root,
        env: plainEnv,
        encoding: 'utf8',
        timeout: 240_000,
      })
      t.equal(status, 0, file)
      const failures = stdout.split('\n').filter((line) => /^ *not ok/.test(line))
      t.same(failures, [], `${file} on ${version}`)
      t.notMatch(stdout, /# SKIP/, `${file} skips nothing on ${version}`)
    }
  })
}
