import type { FieldSchema } from './field-schema.ts'
import { EnvSchema } from './process-parts.ts'
import { ProcessSchema } from './process-schema.ts'
import { ConfigSchema } from './schema.ts'
import { alternativeFor, isMap, schemaAt, type UnknownMap } from './shape.ts'

export interface Merged {
  readonly value: UnknownMap
  /** By process: which of its variables are from `defaults`. Its `envFrom` wins over these, its other variables over that. */
  readonly defaultVariables: ReadonlyMap<string, readonly string[]>
}

/**
 * What several files say together, from weak to strong, with `defaults` as the weakest of each process: maps merge by key, all
 * else replaces, and `null` removes what is there. A `null` that has nothing to remove stays, for the check to find.
 */
export function mergeLayers(values: readonly UnknownMap[]): Merged {
  const value = mergeMaps(ConfigSchema, values)
  const defaultVariables = new Map<string, readonly string[]>()
  const { defaults, processes } = value
  if (!isMap(defaults) || !isMap(processes)) return { value, defaultVariables }

  const written = byKey(values.map(({ processes }) => processes).filter(isMap))
  const filled = Object.entries(processes).map(([name, process]): [string, unknown] => {
    if (!isMap(process)) return [name, process]
    const { process: whole, fromDefaults } = fillProcess(
      defaults,
      survivors(undefined, written.get(name) ?? []).filter(isMap),
    )
    if (fromDefaults.length > 0) defaultVariables.set(name, fromDefaults)
    return [name, whole]
  })
  return { value: { ...value, processes: Object.fromEntries(filled) }, defaultVariables }
}

/** A process as `layers` have it, over the defaults. */
function fillProcess(
  { env: defaultEnv, ...defaults }: UnknownMap,
  layers: readonly UnknownMap[],
): { readonly process: UnknownMap; readonly fromDefaults: readonly string[] } {
  const process = mergeMaps(ProcessSchema, [defaults, ...layers])
  if (defaultEnv === undefined) return { process, fromDefaults: [] }
  const written = layers.filter((layer) => Object.hasOwn(layer, 'env')).map(({ env }) => env)
  const [env] = merge(EnvSchema, [defaultEnv, ...written])
  const { env: _, ...others } = process
  if (!isMap(env))
    return { process: env === undefined ? others : { ...others, env }, fromDefaults: [] }
  const [own] = merge(EnvSchema, written)
  const fromDefaults = Object.keys(env).filter((name) => !(isMap(own) && Object.hasOwn(own, name)))
  return { process: { ...others, env }, fromDefaults }
}

function mergeMaps(schema: FieldSchema | undefined, maps: readonly UnknownMap[]): UnknownMap {
  const [only = {}, ...others] = maps
  if (others.length === 0) return only
  const shape = schema && alternativeFor(schema, only)
  return Object.fromEntries(
    [...byKey(maps)].flatMap(([key, values]) =>
      merge(shape && schemaAt(shape, key), values).map((value): [string, unknown] => [key, value]),
    ),
  )
}

/** The one value that comes of several, from weak to strong; none when it is removed. */
function merge(schema: FieldSchema | undefined, values: readonly unknown[]): readonly unknown[] {
  const left = survivors(schema, values)
  const maps = left.filter(isMap)
  return maps.length > 1 ? [mergeMaps(schema, maps)] : left
}

/** What later values leave of earlier ones: nothing, one value, or maps to be merged. */
function survivors(
  schema: FieldSchema | undefined,
  values: readonly unknown[],
): readonly unknown[] {
  const isNullAValue = schema?.anyOf?.some(({ type }) => type === 'null') === true
  let left: readonly unknown[] = []
  for (const [index, value] of values.entries()) {
    const isRemoval = value === null && !isNullAValue
    if (isRemoval && index > 0) left = left.filter((other) => other === null)
    else if (isMap(value) && left.every(isMap)) left = [...left, value]
    else left = [value]
  }
  return left
}

/** All that the maps have at each key, in their order. */
function byKey(maps: readonly UnknownMap[]): ReadonlyMap<string, readonly unknown[]> {
  const values = new Map<string, unknown[]>()
  for (const map of maps) {
    for (const [key, value] of Object.entries(map)) {
      const known = values.get(key)
      if (known) known.push(value)
      else values.set(key, [value])
    }
  }
  return values
}
