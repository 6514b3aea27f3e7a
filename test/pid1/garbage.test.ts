// Who collects the garbage of Node.js.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { root } from '../rig/fixtures.ts'
import { unless } from '../rig/ringmaster.ts'

/** Compilers have threads of their own. */
const interpreted = ['--no-opt', '--no-maglev']
const driver = join(root, 'out', 'test', 'fixtures', 'native-driver.js')

/** V8's later scavenges have work for other threads that no flag takes from them. */
const skip = unless(!/^v2[6-9]/.test(process.version), 'not told of this V8')

t.test('short-lived garbage is collected by the main thread alone', { skip }, async (t) => {
  const alone = collect('alone')
  const together = collect('together')
  t.comment({ alone, together })
  t.ok(alone.others < together.others / 2)
})

function collect(how: string): { readonly main: number; readonly others: number } {
  // What tap has loaded into its children takes no part.
  const command = ['-u', 'NODE_OPTIONS', process.execPath, ...interpreted, driver, 'garbage', how]
  return JSON.parse(execFileSync('env', command, { encoding: 'utf8' }))
}
