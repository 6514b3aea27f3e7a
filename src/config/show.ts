import { dirname, resolve } from 'node:path'
import type { FieldSchema } from './field-schema.ts'
import type { FileText } from './layers.ts'
import { mergeLayers } from './merge.ts'
import { renderConfig } from './render.ts'
import { resolveValues } from './resolve.ts'
import { type Config, ConfigSchema } from './schema.ts'
import { alternativeFor, isMap, isOpen, schemaAt } from './shape.ts'
import { parseSource } from './source.ts'
import type { Environment, Variables } from './variables.ts'

/** In place of a value. */
export const hidden = '(hidden)'

/**
 * A configuration that is valid, as one file, for those who may not know its secrets: `texts` merged, from weak to strong, with `defaults` put
 * in. Values of `env` and of headers are hidden, and a text in which a variable of the environment stands is shown as it is written.
 */
export function showConfig(texts: readonly FileText[], variables: Variables): unknown {
  const [filled, written] = [variables, asWritten(variables)].map((one) =>
    renderConfig(merge(texts, one)),
  )
  return show(ConfigSchema, filled, written)
}

function merge(texts: readonly FileText[], variables: Variables): Config {
  const values = texts.map(({ file, text }) => {
    const source = parseSource(text)
    if ('syntax' in source) throw new Error(`${file} was read once`)
    const { value, spelling } = source
    const surroundings = { variables, folder: dirname(resolve(file)), spelling }
    return resolveValues(ConfigSchema, value, surroundings).value
  })
  const { value } = mergeLayers(values.filter(isMap))
  const kept = Object.entries(value).filter(
    ([key]) => !key.startsWith('x-') && key !== 'include' && key !== 'defaults',
  )
  return Object.fromEntries(kept) as Config
}

/** A variable, between characters that mean nothing to anybody. */
const mark = /\uE000(.*?)\uE001/g

/** Each variable has a value that tells its name. */
function asWritten({ machine }: Variables): Variables {
  const env: Environment = new Proxy(
    {},
    {
      get: (_, name) => `\uE000${String(name)}\uE001`,
      getOwnPropertyDescriptor: () => ({ configurable: true, enumerable: true, value: '' }),
    },
  )
  return { env, machine }
}

/** What is no text is no secret; and a path is shown as it is, since it was made absolute. */
function show(schema: FieldSchema | undefined, filled: unknown, written: unknown): unknown {
  const shape = schema && alternativeFor(schema, filled)
  const anything = shape && isOpen(shape) ? shape : undefined
  if (isMap(filled)) {
    const others = isMap(written) ? written : {}
    return Object.fromEntries(
      Object.entries(filled).map(([key, item]) => {
        if (key === 'env') return [key, hideValues(item)]
        if (key === 'httpHeaders') return [key, hideHeaders(item)]
        return [key, show(anything ?? (shape && schemaAt(shape, key)), item, others[key])]
      }),
    )
  }
  if (Array.isArray(filled)) {
    const others: readonly unknown[] = Array.isArray(written) ? written : []
    return filled.map((item, index) => show(anything ?? shape?.items, item, others[index]))
  }
  if (typeof filled !== 'string' || typeof written !== 'string') return filled
  return schema?.writtenAs === 'path'
    ? filled
    : written.replace(mark, (_, name: string) => `\${${name}}`)
}

function hideValues(env: unknown): unknown {
  return isMap(env) ? Object.fromEntries(Object.keys(env).map((name) => [name, hidden])) : hidden
}

function hideHeaders(headers: unknown): unknown {
  return Array.isArray(headers)
    ? headers.map((header) => (isMap(header) ? { ...header, value: hidden } : hidden))
    : hidden
}
