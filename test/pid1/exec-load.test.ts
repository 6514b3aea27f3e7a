import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import t from 'tap'
import { root } from '../rig/fixtures.ts'
import { alone } from '../rig/ringmaster.ts'

const build = pathToFileURL(join(root, 'build', '/')).href
const observer = pathToFileURL(join(root, 'out', 'test', 'fixtures', 'loaded-scripts.js')).href

t.test('exec runs its own few files and no package', async (t) => {
  const folder = t.testdir({})
  const list = join(folder, 'list')
  const setting = { node: ['--import', observer], env: { LOADED_SCRIPTS: list } }
  const init = await alone(t, ['exec', 'sh', '-c', 'exit 3'], setting)
  t.match(await init.end(), { code: 3, stderr: '' })

  const scripts = readFileSync(list, 'utf8')
    .split('\n')
    .filter((url) => url.startsWith('file:'))
  const others = scripts.filter((url) => !url.startsWith(build) && url !== observer)
  t.same(others, [pathToFileURL(join(root, 'bin', 'ringmaster')).href], 'nothing from elsewhere')

  const bundled = scripts
    .filter((url) => url.startsWith(build))
    .flatMap((url) => inputsOf(basename(fileURLToPath(url))))
  t.ok(bundled.includes('src/exec/init.ts'), bundled.join())
  const allowed =
    /^src\/(cli\/(main|exec|probe|env-files|held-signals|stdout|usage)|exec\/\w+|lib\/[\w-]+|os\/(bundle|child|endpoint-file|entry|native|run-folders|signal-source|terminal|termination-log)|plan\/signals)\.ts$/
  t.same(
    bundled.filter((path) => !allowed.test(path)),
    [],
  )
})

t.test('probe runs from the same file', async (t) => {
  const list = join(t.testdir({}), 'list')
  const setting = { node: ['--import', observer], env: { LOADED_SCRIPTS: list } }
  t.match(await (await alone(t, ['probe', 'livez', '--port', '1'], setting)).end(), { code: 1 })
  const scripts = readFileSync(list, 'utf8')
    .split('\n')
    .filter((url) => url.startsWith('file:'))
  t.same(
    scripts.filter((url) => url.startsWith(build)),
    [`${build}ringmaster.cjs`],
  )
})

t.test(
  'what reads configurations has its schemas evaluated, and not what makes schemas',
  async (t) => {
    const inputs = inputsOf('commands.cjs').join('\n')
    t.match(inputs, /typebox\/build\/esm\/value\/check\/check\.mjs$/m)
    t.notMatch(inputs, /typebox\/build\/esm\/type\/(type|object)\//)
  },
)

/** What the build has put into a bundle. */
function inputsOf(bundle: string): readonly string[] {
  const bundled = readFileSync(join(root, 'build', 'bundled.json'), 'utf8')
  return (JSON.parse(bundled) as Record<string, string[]>)[bundle] ?? []
}
