import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { problemsIn } from './problems.ts'

type Files = Readonly<Record<string, string>>

const env = { HOST: 'example.org' }

/** Files in a folder of their own, of which some are named as those to load. */
export function folderOf(t: Test, files: Files) {
  const folder = t.testdir()
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  const loadThem = (names: readonly string[]) =>
    loadConfig(
      names.map((name) => join(folder, name)),
      { env },
    )
  return {
    folder,
    load: loadThem,
    problems: async (...names: readonly string[]) =>
      (await problemsIn(loadThem(names))).map((line) => line.replaceAll(`${folder}/`, '')),
  }
}
