// Runs before `npm start` and `npm test`: installs and builds when that was not done yet or is out of date.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'))

const installed = 'node_modules/.ringmaster-installed'
const built = 'build/.built'

if (isOlder(installed, ['package-lock.json'])) {
  console.error('ringmaster: installing dependencies')
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'])
  run(process.execPath, ['node_modules/tap/dist/esm/run.mjs', 'build'])
  stamp(installed, new Date())
}
if (
  isOlder(built, [
    'package.json',
    'tsconfig.json',
    'tsconfig.types.json',
    'scripts',
    'src',
    'test',
    'bench',
    installed,
  ])
) {
  console.error('ringmaster: building')
  const begin = new Date()
  run(process.execPath, ['scripts/build.mjs'])
  stamp(built, begin)
}

/** What fails has said why. */
function run(command, args) {
  const { status } = spawnSync(command, args, { stdio: ['ignore', 2, 2] })
  if (status !== 0) process.exit(1)
}

function isOlder(mark, inputs) {
  return !existsSync(mark) || inputs.some((path) => newest(path) > statSync(mark).mtimeMs)
}

/** The latest change below `path`, in ms. Folders count too: a file that is gone is a change. */
function newest(path) {
  const own = statSync(path)
  if (!own.isDirectory()) return own.mtimeMs
  return Math.max(own.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))))
}

/** What changes during a build is newer than its mark, so the mark has the time at which the build began. */
function stamp(mark, time) {
  writeFileSync(mark, '')
  utimesSync(mark, time, time)
}
