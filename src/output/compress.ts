import { createReadStream, createWriteStream } from 'node:fs'
import { messageOf } from '../lib/errors.ts'
import { type Disk, logMode, remove } from './disk.ts'
import { type Compress, rotatedFiles } from './rotation.ts'

/**
 * Compresses rotated files one at a time, in the thread pool. A file has its name with `.gz` when it is whole, and only then the other
 * one is removed; what an end in between leaves is compressed after the next rotation.
 */
export function createCompress(disk: Disk): Compress {
  const asked = new Map<string, () => Promise<void>>()
  let isBusy = false

  async function work(): Promise<void> {
    isBusy = true
    for (const [path, one] of asked) {
      asked.delete(path)
      await one()
    }
    isBusy = false
  }

  return async (path, inTurn, onEnd) => {
    asked.set(path, async () => {
      try {
        while (await compressNext(path, disk, inTurn));
        onEnd(null)
      } catch (error) {
        // It is whole as it is, and the next rotation tries again.
        onEnd(messageOf(error))
        await remove(`${path}.gz.tmp`, disk).catch(() => {})
      }
    })
    if (!isBusy) await work()
  }
}

/** False when nothing is left to be done. */
async function compressNext(
  path: string,
  disk: Disk,
  inTurn: Parameters<Compress>[1],
): Promise<boolean> {
  const temporary = `${path}.gz.tmp`
  const begun = await inTurn(async () => {
    // The oldest: what is in the way of one of them soon has a larger number.
    const plain = (await rotatedFiles(path, disk)).findLast(({ ending }) => ending === '')
    if (plain === undefined) return undefined
    await remove(temporary, disk)
    return { ino: (await disk.stat(plain.name)).ino, source: createReadStream(plain.name) }
  })
  if (begun === undefined) return false
  const [{ createGzip }, { pipeline }] = await Promise.all([
    import('node:zlib'),
    import('node:stream/promises'),
  ])
  const target = createWriteStream(temporary, { flags: 'wx', mode: logMode })
  await pipeline(begun.source, createGzip(), target)
  return inTurn(async () => {
    // It may have been rotated on meanwhile, or away.
    for (const { name, ending } of await rotatedFiles(path, disk)) {
      if (ending !== '' || (await disk.stat(name)).ino !== begun.ino) continue
      await disk.rename(temporary, `${name}.gz`)
      await disk.unlink(name)
      return true
    }
    await remove(temporary, disk)
    return true
  })
}
