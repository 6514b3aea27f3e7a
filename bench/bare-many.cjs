// bare-many HELPER COUNT COMMAND...: what any supervisor in Node.js costs at least: starts COUNT children through the exec helper, in
// sessions of their own, and reads two pipes of each. SIGTERM ends it and them.
const { spawn } = require('node:child_process')

const [helper, count, ...command] = process.argv.slice(2)
const words = ['fds=3', 'session=1', '--', ...command]
const children = Array.from({ length: Number(count) }, () => {
  const child = spawn(helper, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  for (const stream of [child.stdout, child.stderr]) stream.resume()
  return child
})
process.on('SIGTERM', () => {
  let living = children.length
  for (const child of children) {
    child.on('exit', () => (--living > 0 ? undefined : process.exit()))
    child.kill()
  }
})
