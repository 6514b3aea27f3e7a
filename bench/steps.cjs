// Loaded into a Ringmaster whose start is looked at: writes to the file in STEPS when each step was done, as CLOCK_MONOTONIC in ms,
// with the CPU time of the process so far and the number of Node.js' own modules that were loaded by then.
const { appendFileSync } = require('node:fs')
const vm = require('node:vm')

const file = process.env.STEPS
delete process.env.STEPS
delete process.env.NODE_OPTIONS
const now = () => Number(process.hrtime.bigint()) / 1e6

function mark(step) {
  const at = now()
  const { user, system } = process.cpuUsage()
  const modules = process.moduleLoadList.length
  appendFileSync(file, `${step} ${at} ${(user + system) / 1000} ${modules}\n`)
}

vm.Script = class extends vm.Script {
  constructor(text, options) {
    const name = /(\w+)\.cjs$/.exec(options.filename)[1]
    if (name === 'commands') markSpawn()
    mark(`${name}-begins`)
    super(text, options)
    this.name = name
  }
  runInThisContext(...args) {
    const run = super.runInThisContext(...args)
    return (...given) => {
      run(...given)
      mark(this.name)
    }
  }
}
/** It is loaded by now: before, that would be no part of what is looked at. */
function markSpawn() {
  const { ChildProcess } = require('node:child_process')
  const { spawn } = ChildProcess.prototype
  ChildProcess.prototype.spawn = function (...args) {
    const result = spawn.apply(this, args)
    mark('spawned')
    return result
  }
}

// What spawns in its first turn has done so, and may be at its end before it turns.
let isTurned = false
function turn() {
  if (!isTurned) mark('turned')
  isTurned = true
}
setImmediate(turn)
process.on('exit', () => {
  turn()
  mark('exit')
})
mark('node')
