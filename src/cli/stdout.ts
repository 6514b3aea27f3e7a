import { ExitCode } from '../lib/exit-codes.ts'

/**
 * Writes to stdout. Where nobody reads it any more, as in `ringmaster logs -f | head`, that is the end, without a word and with the
 * exit code that there would have been; whatever else is wrong with it is told, and is a failure.
 */
export function writeOut(text: string): void {
  if (!isHeard) process.stdout.on('error', end)
  isHeard = true
  process.stdout.write(text)
}

let isHeard = false

function end({ code, message }: NodeJS.ErrnoException): never {
  if (code === 'EPIPE') process.exit()
  process.stderr.write(`ringmaster: cannot write to stdout: ${message}\n`)
  process.exit(ExitCode.failed)
}
