import { signalName } from '../lib/signals.ts'
import type { FieldSchema } from './field-schema.ts'
import { type Config, ConfigSchema } from './schema.ts'
import { alternativeFor, isMap, isOpen, schemaAt } from './shape.ts'

/**
 * A config as plain data, which written as one file says the same: files are merged, `defaults` and `envFrom` are put into the
 * processes, variables are put in. Ringmaster's own defaults are not, nor what differs between instances.
 */
export function renderConfig(config: Config): unknown {
  return render(ConfigSchema, config)
}

function render(schema: FieldSchema | undefined, value: unknown): unknown {
  const shape = schema && alternativeFor(schema, value)
  const anything = shape && isOpen(shape) ? shape : undefined
  if (isMap(value)) {
    const inner = (key: string) => anything ?? (shape && schemaAt(shape, key))
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, render(inner(key), item)]),
    )
  }
  if (Array.isArray(value)) return value.map((item) => render(anything ?? shape?.items, item))
  switch (typeof value) {
    case 'number':
      return renderNumber(schema, value)
    case 'string':
      return schema?.template === undefined ? asText(value) : value
    default:
      return value
  }
}

function renderNumber(schema: FieldSchema | undefined, value: number): string | number {
  if (schema?.writtenAs === 'signal') return signalName(value)
  return schema?.writtenAs === 'octal' ? value.toString(8).padStart(3, '0') : value
}

/** A template is written as it is; elsewhere a dollar that could be read as a variable is doubled. */
function asText(value: string): string {
  return /\$[${]/.test(value) ? value.replaceAll('$', '$$$$') : value
}
