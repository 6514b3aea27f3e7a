// What any init in Node.js costs at least: starts a command, passes SIGUSR2 and SIGTERM on, and leaves with its code.
import { spawn } from 'node:child_process'

const [command, ...args] = process.argv.slice(2)
const child = spawn(command, args, { stdio: 'inherit' })
for (const signal of ['SIGUSR2', 'SIGTERM']) process.on(signal, () => child.kill(signal))
child.on('exit', (code) => process.exit(code ?? 1))
