import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { native } from '../../src/os/native.ts'
import { createCompress } from '../../src/output/compress.ts'
import { createDisk, type Disk } from '../../src/output/disk.ts'
import { createLogFile } from '../../src/output/log-file.ts'
import { createRotation } from '../../src/output/rotation.ts'
import { createManualClock } from './manual-clock.ts'
import { patienceMs } from './wait.ts'

/** What a writer of the file may have waiting. */
export const limitBytes = 1 << 20

interface Given {
  readonly maxBytes?: number
  readonly maxFiles?: number
  readonly maxAgeMs?: number
  readonly compress?: boolean
  /** What becomes of a write instead. */
  readonly write?: Disk['write']
}

/** A log file in a folder of its own, with one writer. */
export function openLogFile(t: Test, given: Given = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'ringmaster-files-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'log')
  const target = { maxBytes: 0, maxFiles: 3, maxAgeMs: 0, compress: false, ...given }
  const disk = { ...createDisk(native().lock), ...(given.write && { write: given.write }) }
  const clock = createManualClock(Date.now())
  const told: string[] = []
  const rotation = createRotation(
    path,
    () => target,
    disk,
    createCompress(disk),
    (problem) => told.push(problem),
  )
  const file = createLogFile({ path, target: () => target, rotation, disk, clock })
  let drains = 0
  const writer = file.open({ limitBytes, mostBytes: 2 * limitBytes, onDrain: () => (drains += 1) })
  const dropped: [number, string][] = []
  return {
    ...{ folder, path, disk, clock, file, writer, dropped, told },
    drains: () => drains,
    write(text: string) {
      writer.write(Buffer.from(text), (lines, reason) => dropped.push([lines, reason]))
    },
    /** Until all is written or dropped. */
    flush: () => file.flush(patienceMs),
    text: () => readFileSync(path, 'utf8'),
    names: () => readdirSync(folder).sort(),
  }
}
