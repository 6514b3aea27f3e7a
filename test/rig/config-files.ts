import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { loadFiles } from '../../src/config/load.ts'
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
  const loadThem = async (names: readonly string[]) => {
    const paths = names.map((name) => join(folder, name))
    return (await loadFiles(paths, { env })).config
  }
  return {
    folder,
    load: loadThem,
    problems: async (...names: readonly string[]) =>
      (await problemsIn(loadThem(names))).map((line) => line.replaceAll(`${folder}/`, '')),
  }
}
