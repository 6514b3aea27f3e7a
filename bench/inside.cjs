// Loaded into a supervisor that is looked into from outside: writes how long each spawn took, and of it CPU of all threads, and when and how long its event
// loop worked in one go, to the file in INSIDE. Times are CLOCK_MONOTONIC in ms; work is CPU time of the main thread, for a machine
// that has others to serve stops whom it likes for as long as it likes.
const { appendFileSync, readFileSync } = require('node:fs')
const { ChildProcess } = require('node:child_process')

const file = process.env.INSIDE
const now = () => Number(process.hrtime.bigint()) / 1e6
const { spawn } = ChildProcess.prototype

ChildProcess.prototype.spawn = function (...args) {
  const begin = now()
  const used = process.cpuUsage()
  const result = spawn.apply(this, args)
  const { user, system } = process.cpuUsage(used)
  appendFileSync(file, `spawn ${now()} ${now() - begin} ${(user + system) / 1000}\n`)
  return result
}

const worked = () =>
  Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6
let last = worked()
setInterval(() => {
  const workedMs = worked() - last
  if (workedMs > 1) appendFileSync(file, `work ${now()} ${workedMs}\n`)
  last = worked()
}, 1).unref()
