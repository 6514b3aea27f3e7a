import { constants, ftruncateSync, openSync, statSync, writeSync } from 'node:fs'

/** More is not read of it: see terminationMessagePath of a Kubernetes container. */
export const terminationLogBytes = 4096

/**
 * Opens the file in which Kubernetes looks for why a container ended: `RINGMASTER_TERMINATION_LOG`, or `/dev/termination-log`. It
 * can be written later, also without root, and then has the message alone, of which the first {@link terminationLogBytes} count.
 * It is never created; one that is missing, read-only, full, or no regular file is no error.
 */
export function openTerminationLog(env: NodeJS.ProcessEnv): (message: string) => void {
  const fd = attempt(() => openFile(env['RINGMASTER_TERMINATION_LOG'] || '/dev/termination-log'))
  return (message) => {
    if (fd === undefined) return
    attempt(() => {
      const bytes = firstBytes(message)
      ftruncateSync(fd)
      writeSync(fd, bytes, 0, bytes.length, 0)
    })
  }
}

function openFile(path: string): number | undefined {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return undefined
  // Whatever it has become meanwhile: a FIFO would be waited for.
  return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
}

/** Whatever the kernel says against it: nobody waits for this message but Kubernetes, and Ringmaster ends. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof Error && 'errno' in error) return undefined
    throw error
  }
}

/** Whole characters. */
function firstBytes(text: string): Uint8Array {
  const bytes = Buffer.from(text)
  let end = Math.min(bytes.length, terminationLogBytes)
  while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return bytes.subarray(0, end)
}
