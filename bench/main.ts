// main [NAME...]: runs the benchmarks of these names, or all.
import { loadavg } from 'node:os'
import { measureEndpoint } from './endpoint.ts'
import { measureExit } from './exit.ts'
import { measureFootprint } from './footprint.ts'
import { measureIdle } from './idle.ts'
import { measureLogs } from './logs.ts'
import { measureOrphans } from './orphans.ts'
import { measureProbed } from './probed.ts'
import { measureProbes } from './probes.ts'
import { measureRestart } from './restart.ts'
import { measureScale } from './scale.ts'
import { measureScrape } from './scrape.ts'
import { measureSignal } from './signal.ts'
import { measureSpawn } from './spawn.ts'
import { measureStart } from './start.ts'
import { measureStop } from './stop.ts'

const benchmarks = new Map([
  ['start', measureStart],
  ['signal', measureSignal],
  ['exit', measureExit],
  ['restart', measureRestart],
  ['stop', measureStop],
  ['orphans', measureOrphans],
  ['footprint', measureFootprint],
  ['idle', measureIdle],
  ['probes', measureProbes],
  ['probed', measureProbed],
  ['endpoint', measureEndpoint],
  ['scrape', measureScrape],
  ['spawn', measureSpawn],
  ['scale', measureScale],
  ['logs', measureLogs],
])

const names = process.argv.length > 2 ? process.argv.slice(2) : [...benchmarks.keys()]
for (const name of names) {
  const measure = benchmarks.get(name)
  if (measure === undefined) {
    console.error(`no benchmark "${name}"; there are: ${[...benchmarks.keys()].join(', ')}`)
    process.exit(64)
  }
}
const load = () =>
  loadavg()
    .map((value) => value.toFixed(1))
    .join(' ')
console.log(`Node.js ${process.version}, load ${load()}`)
for (const name of names) await benchmarks.get(name)?.()
console.log(`\nload ${load()}`)
process.exit()
