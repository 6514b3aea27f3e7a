import type { SupervisorError } from '../lib/errors.ts'
import { explain } from './explain.ts'
import type { Layer, Layers } from './layers.ts'
import { placeProblem } from './origin.ts'
import { formatPath, invalidConfig, type PlacedProblem, type Problem } from './problems.ts'
import { ConfigSchema } from './schema.ts'
import { isMap, type UnknownMap } from './shape.ts'

/** The error for files that cannot be used: what is wrong with each, with what they say together, and `related`. Loaded only when something is. */
export function refuse(
  { layers, files, problems }: Layers,
  merged: UnknownMap,
  related: readonly Problem[],
): SupervisorError {
  const usable = layers.filter(({ value }) => isMap(value))
  const inFiles = [
    ...problems,
    ...layers.flatMap((layer) => layer.problems.map((problem) => placeIn(layer, problem))),
    ...layers
      .filter(({ value }) => !isMap(value))
      .flatMap((layer) =>
        explain(ConfigSchema, layer.value).map((problem) => placeIn(layer, problem)),
      ),
  ]
  const isComplete = problems.length === 0 && usable.length === layers.length
  const told = new Set(inFiles.map(nameOf))
  const together = [...explain(ConfigSchema, merged), ...related]
    // A file that cannot be used may have it.
    .filter(({ isAbsence = false }) => isComplete || !isAbsence)
    .flatMap((problem) => placeProblem(problem, usable) ?? [])
    // What a variable without a value leaves behind is no second problem.
    .filter((problem) => !told.has(nameOf(problem)))
  return invalidConfig([...inFiles, ...together], files)
}

function placeIn(
  { file, source }: Layer,
  { path, message, atKey = false }: Problem,
): PlacedProblem {
  return { file, position: source.locate(path, atKey), path, message }
}

function nameOf({ file, path = [] }: PlacedProblem): string {
  return `${file} ${formatPath(path)}`
}
