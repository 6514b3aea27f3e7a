import type { Layer } from './layers.ts'
import type { Path, PlacedProblem, Problem } from './problems.ts'

/** Finds where a problem of the merged configuration stands: where the value was written last, or where it is missing. */
export function placeProblem(
  { path, message, atKey = false }: Problem,
  layers: readonly Layer[],
): PlacedProblem | undefined {
  const origin = findOrigin(path, layers.toReversed())
  if (origin === undefined) return undefined
  const { layer, path: written } = origin
  return { file: layer.file, position: layer.source.locate(written, atKey), path: written, message }
}

interface Origin {
  readonly layer: Layer
  /** As it is in the file: what a process has from the defaults stands there. */
  readonly path: Path
}

function findOrigin(path: Path, strongestFirst: readonly Layer[]): Origin | undefined {
  const layer = strongestFirst.find(({ source }) => source.reach(path).isSettled)
  if (layer !== undefined) return { layer, path }
  const [area, , ...field] = path
  if (area === 'processes' && field.length > 0) {
    const asDefault = ['defaults', ...field]
    const giver = strongestFirst.find(
      ({ source }) => source.reach(asDefault).steps === asDefault.length,
    )
    if (giver !== undefined) return { layer: giver, path: asDefault }
  }
  if (path.length === 0) return undefined
  const parent = findOrigin(path.slice(0, -1), strongestFirst)
  return parent && { layer: parent.layer, path: [...parent.path, ...path.slice(-1)] }
}
