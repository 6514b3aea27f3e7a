// tally FOLDER: counts the tests in the TAP files below FOLDER, names those that failed, were skipped or are to do (all three
// are failures here), and ends with the line "N passed, M failed". Exits with 1 on any failure.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const [folder = ''] = process.argv.slice(2)
const names = existsSync(folder) ? readdirSync(folder, { recursive: true }) : []
const files = names.filter((name) => name.endsWith('.tap')).sort()
let passed = 0
let failed = files.length === 0 ? 1 : 0
if (failed) console.log('FAILED no test was run')

for (const file of files) {
  const lines = readFileSync(join(folder, file), 'utf8').split('\n')
  const tests = lines.filter((line) => /^(not )?ok\b/.test(line))
  const plan = lines.find((line) => /^1\.\.\d+/.test(line))
  // A file that crashed has no plan, or fewer tests than planned.
  if (plan === undefined || Number.parseInt(plan.slice(3), 10) !== tests.length) {
    fail(file, `it ended early, after ${tests.length} tests`)
  }
  if (plan !== undefined && /# *SKIP/i.test(plan)) fail(file, plan)
  for (const line of lines) {
    const isTest = /^(not )?ok\b/.test(line)
    if (isTest && line.startsWith('not ')) fail(file, line)
    else if (/^ *(not )?ok\b.* # *(SKIP|TODO)\b/i.test(line)) fail(file, line)
    else if (isTest) passed++
  }
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0

function fail(file, what) {
  failed++
  console.log(`FAILED ${file.replace(/\.js\.tap$/, '')}: ${what.trim()}`)
}
