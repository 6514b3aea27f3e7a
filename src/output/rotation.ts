import { basename, dirname } from 'node:path'
import { messageOf } from '../lib/errors.ts'
import type { FileTarget } from '../plan/instance-spec.ts'
import { type Disk, remove } from './disk.ts'

/** Gives the file at one path its rotated names: `FILE.1` is the newest. */
export interface Rotation {
  /**
   * Afterwards there is nothing at the path, where the file of `fd` is. False: it may not or cannot be renamed, which is told; it is still there,
   * and the next try goes on with what is there then. Either way it has to be opened anew.
   */
  rotate(fd: number): Promise<boolean>
}

/** Makes `FILE.N.gz` of each `FILE.N`. Does not reject: what could not be compressed stays as it is, and `onEnd` is told why, or null. */
export type Compress = (
  path: string,
  rename: Rename,
  onEnd: (problem: string | null) => void,
) => Promise<void>
/** Runs `work` while nothing else is renamed. */
export type Rename = <T>(work: () => Promise<T>) => Promise<T>

export function createRotation(
  path: string,
  target: () => Pick<FileTarget, 'maxFiles' | 'compress'>,
  disk: Disk,
  compressRotated: Compress,
  tell: (problem: string) => void,
): Rotation {
  const tellOfRotation = onChange(tell)
  const tellOfCompression = onChange(tell)
  let last: Promise<unknown> = Promise.resolve()
  const inTurn: Rename = (work) => {
    const result = last.then(work)
    // Whoever asked hears of an error; the next one is not concerned.
    last = result.catch(() => {})
    return result
  }
  return {
    async rotate(fd) {
      const { maxFiles, compress } = target()
      try {
        // What others write to it would be lost when it is compressed or removed.
        if (!disk.lock(fd, 'alone')) throw new Error(othersWriteToIt)
        await inTurn(() => shift(path, maxFiles, disk))
      } catch (error) {
        tellOfRotation(`cannot rotate ${path}, which grows until it can be: ${messageOf(error)}`)
        return false
      }
      tellOfRotation(null)
      if (compress && maxFiles > 0) {
        // It does not reject, and the next lines do not wait for it.
        void compressRotated(path, inTurn, (problem) =>
          tellOfCompression(problem && `cannot compress what ${path} was rotated to: ${problem}`),
        )
      }
      return true
    },
  }
}

const othersWriteToIt =
  'another Ringmaster has it open, or another process has locked it; give each a file of its own'

/** The same problem is told once, until it is over. */
function onChange(tell: (problem: string) => void): (problem: string | null) => void {
  let last: string | null = null
  return (problem) => {
    if (problem !== null && problem !== last) tell(problem)
    last = problem
  }
}

async function shift(path: string, maxFiles: number, disk: Disk): Promise<void> {
  if (maxFiles === 0) {
    await remove(path, disk)
    return
  }
  const known = await rotatedFiles(path, disk)
  const taken = new Set(known.map(({ number }) => number))
  // Only up to the first gap: those behind it have their number.
  let free = 1
  while (free < maxFiles && taken.has(free)) free += 1
  for (const { name } of known.filter(({ number }) => number === free)) await remove(name, disk)
  const moved = known.filter(({ number }) => number < free)
  for (const { name, number, ending } of moved.sort((a, b) => b.number - a.number)) {
    await disk.rename(name, `${path}.${number + 1}${ending}`)
  }
  await disk.rename(path, `${path}.1`)
}

export interface RotatedFile {
  readonly name: string
  readonly number: number
  readonly ending: '' | '.gz'
}

/** What `path` was rotated to, the newest first. */
export async function rotatedFiles(path: string, disk: Disk): Promise<readonly RotatedFile[]> {
  const folder = dirname(path)
  const prefix = `${basename(path)}.`
  const files: RotatedFile[] = []
  for (const entry of await disk.list(folder)) {
    if (!entry.startsWith(prefix)) continue
    const [, digits, ending] = /^([1-9]\d{0,3})(\.gz)?$/.exec(entry.slice(prefix.length)) ?? []
    if (digits === undefined) continue
    const name = `${path}.${digits}${ending ?? ''}`
    files.push({ name, number: Number(digits), ending: ending === undefined ? '' : '.gz' })
  }
  return files.sort((a, b) => a.number - b.number)
}
