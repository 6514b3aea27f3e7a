import { Check } from '@sinclair/typebox/value'
import { type EnvFiles, readEnvFiles } from './env-files.ts'
import { type FileText, type GivenFile, type Layer, readLayers } from './layers.ts'
import { type Merged, mergeLayers } from './merge.ts'
import { checkOutputProbes } from './output-probes.ts'
import type { Path } from './problems.ts'
import { readText, readTextOrPipe } from './read-text.ts'
import { refuse } from './refuse.ts'
import { checkRelations } from './relations.ts'
import { type Config, ConfigSchema, type Document, type ProcessConfig } from './schema.ts'
import { isMap } from './shape.ts'
import type { Variables } from './variables.ts'

/**
 * Reads files with all that they include, later ones over earlier, and checks what they say together. `waitsForPipes`: `paths` may be pipes,
 * which are waited for.
 * @throws SupervisorError CONFIG_INVALID with a line for each thing that is wrong in any of them.
 */
export function loadFiles(
  paths: readonly string[],
  variables: Variables,
  waitsForPipes = false,
): Promise<Loaded> {
  const read = waitsForPipes ? readTextOrPipe : readText
  return load(
    paths.map((file) => ({ file, read })),
    variables,
  )
}

export interface Loaded {
  readonly config: Config
  /** Of all files, included ones too, from weak to strong. */
  readonly texts: readonly FileText[]
}

/** The same for a text; `path` is the file it came from: errors name it, and relative paths start at its folder. */
export async function parseConfig(
  text: string,
  path: string,
  variables: Variables,
): Promise<Config> {
  const read = () => ({ text, identity: path })
  return (await load([{ file: path, read }], variables)).config
}

async function load(given: readonly GivenFile[], variables: Variables): Promise<Loaded> {
  const read = readLayers(given, variables)
  const maps = read.layers.map(({ value }) => value).filter(isMap)
  const merged = mergeLayers(maps)
  const { value } = merged
  const envFiles = readEnvFiles(isMap(value['processes']) ? value['processes'] : {})
  const related = [
    ...envFiles.problems,
    ...checkRelations(value),
    ...(await checkOutputProbes(value)),
  ]
  const layers = read.layers.map((layer) => withoutReplaced(layer, value))
  const count =
    read.problems.length + related.length + layers.flatMap(({ problems }) => problems).length
  if (count === 0 && maps.length === layers.length && Check(ConfigSchema, value)) {
    const texts = read.layers.map(({ file, text }) => ({ file, text }))
    return { config: toConfig(value, merged, envFiles), texts }
  }
  throw refuse({ ...read, layers }, value, related)
}

/** What a stronger file has put another value in place of is nobody's problem. */
function withoutReplaced(layer: Layer, merged: unknown): Layer {
  if (layer.problems.length === 0) return layer
  const problems = layer.problems.filter(
    ({ path }) => valueAt(layer.value, path) === valueAt(merged, path),
  )
  return { ...layer, problems }
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((parent, key) => {
    if (Array.isArray(parent)) return parent[Number(key)]
    return isMap(parent) && Object.hasOwn(parent, key) ? parent[key] : undefined
  }, value)
}

function toConfig(
  { defaults: _, include: __, processes, ...others }: Document,
  { defaultVariables }: Merged,
  { contents }: EnvFiles,
): Config {
  // Mostly there is nothing to do.
  if (Object.values(processes).every(({ envFrom }) => envFrom === undefined)) {
    return { ...others, processes }
  }
  const entries = Object.entries(processes).map(([name, process]): [string, ProcessConfig] => [
    name,
    withFiles(process, new Set(defaultVariables.get(name)), contents),
  ])
  return { ...others, processes: Object.fromEntries(entries) }
}

/** Puts the variables of files between those of the defaults, which are `weak`, and those of the process. */
function withFiles(
  { envFrom, ...process }: ProcessConfig,
  weak: ReadonlySet<string>,
  contents: EnvFiles['contents'],
): ProcessConfig {
  if (envFrom === undefined) return process
  const variables = Object.entries(process.env ?? {})
  const env = [
    ...variables.filter(([name]) => weak.has(name)),
    ...envFrom.flatMap(({ file }) => Object.entries(contents.get(file) ?? {})),
    ...variables.filter(([name]) => !weak.has(name)),
  ]
  return { ...process, env: Object.fromEntries(env) }
}
