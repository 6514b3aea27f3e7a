// Writes the code caches of the bundles for this Node.js: has `ringmaster run` supervise a process that ends at once, and keeps
// what was compiled for that.
import { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import vm from 'node:vm'
import { writeCodeCache } from '../out/src/os/bundle.js'

const folder = mkdtempSync(join(tmpdir(), 'ringmaster-build-'))
const config = join(folder, 'ringmaster.yaml')
writeFileSync(
  config,
  `# As people write it.
http: {host: 127.0.0.1, port: 0}
control: {socket: ${join(folder, 'socket')}}
logs: {level: error}
defaults:
  env:
    TZ: UTC
processes:
  web:
    command: [sh, -c, "exit 0"]
    args:
      - one
    env: {PORT: 8080, NAME: '\${instance.name}', HOME: '\${HOME:-/}'}
    workingDir: /
    restartPolicy: Never
    terminationGracePeriodSeconds: 5
    securityContext: {runAsUser: ${process.getuid()}}
`,
)

// The bundles are loaded by the very code that loads them in earnest; here it is seen which scripts it makes.
const scripts = new Map()
vm.Script = class extends vm.Script {
  constructor(text, options) {
    super(text, options)
    scripts.set(basename(options.filename, '.cjs'), this)
  }
}
// What runs after the first spawn is compiled when it is needed: to read it all would hold that spawn up.
const { spawn } = ChildProcess.prototype
ChildProcess.prototype.spawn = function (...options) {
  write('commands')
  ChildProcess.prototype.spawn = spawn
  return this.spawn(...options)
}
function write(name) {
  writeCodeCache(name, scripts.get(name))
  scripts.delete(name)
}
const { dlopen } = process
process.dlopen = (addon, ...others) => {
  dlopen(addon, ...others)
  const native = addon.exports
  const exit = (code) => {
    for (const name of scripts.keys()) write(name)
    rmSync(folder, { recursive: true })
    native.exit(code)
  }
  // The cache is of the flags that V8 has when it is made: those of a start.
  addon.exports = { ...native, exit, boundHeap: () => false }
}
process.argv = [process.execPath, 'ringmaster', 'run', config]
createRequire(import.meta.url)('../build/ringmaster.cjs')
