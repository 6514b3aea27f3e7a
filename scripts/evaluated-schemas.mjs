// An esbuild plugin: puts the schemas of the configuration into a bundle as what they are evaluated to. To make them anew at each
// start takes TypeBox's builder, three quarters of TypeBox, and a millisecond more.
import { join } from 'node:path'
import { build } from 'esbuild'

const files = ['schema.ts', 'process-schema.ts', 'process-parts.ts', 'rights-schema.ts']

/** `folder` is where the schemas are. */
export function evaluatedSchemas(folder) {
  const paths = files.map((file) => join(folder, file))
  return {
    name: 'evaluated-schemas',
    async setup({ onResolve, onLoad }) {
      const contents = print(await evaluate(paths))
      onResolve({ filter: /\.ts$/ }, ({ path, resolveDir }) =>
        paths.includes(join(resolveDir, path))
          ? { path: 'schemas', namespace: 'evaluated', sideEffects: false }
          : undefined,
      )
      onLoad({ filter: /^schemas$/, namespace: 'evaluated' }, () => ({ contents }))
    },
  }
}

/** What the modules export, but for functions: pairs of name and value. */
async function evaluate(paths) {
  const { outputFiles } = await build({
    stdin: { contents: paths.map((path) => `export * from '${path}'`).join('\n'), resolveDir: '/' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
  })
  const code = Buffer.from(outputFiles[0].contents).toString('base64')
  const exports = Object.entries(await import(`data:text/javascript;base64,${code}`))
  return exports.filter(([, value]) => typeof value !== 'function')
}

/** A module that exports `entries`; what is one object in several places stays one. */
function print(entries) {
  const uses = countUses(entries.map(([, value]) => value))
  const names = new Map()
  const lines = []
  for (const [name, value] of entries) lines.push(`export const ${name} = ${codeOf(value)}`)
  return lines.join('\n')

  function codeOf(value) {
    if (typeof value === 'symbol') return nameOf(value, () => symbolCode(value))
    if (typeof value !== 'object' || value === null) return primitiveCode(value)
    return uses.get(value) > 1 ? nameOf(value, () => objectCode(value)) : objectCode(value)
  }

  function nameOf(value, code) {
    if (!names.has(value)) {
      const text = code()
      names.set(value, `shared${names.size}`)
      lines.push(`const ${names.get(value)} = ${text}`)
    }
    return names.get(value)
  }

  function objectCode(value) {
    if (Array.isArray(value)) return `[${value.map(codeOf).join(', ')}]`
    const properties = Reflect.ownKeys(value).map((key) => {
      const name = typeof key === 'symbol' ? `[${codeOf(key)}]` : JSON.stringify(key)
      return `${name}: ${codeOf(value[key])}`
    })
    return `{ ${properties.join(', ')} }`
  }
}

/** How often each object is to be found in `values`. */
function countUses(values, uses = new Map()) {
  for (const value of values) {
    if (typeof value !== 'object' || value === null) continue
    const count = (uses.get(value) ?? 0) + 1
    uses.set(value, count)
    if (count === 1)
      countUses(
        Reflect.ownKeys(value).map((key) => value[key]),
        uses,
      )
  }
  return uses
}

/** TypeBox marks its schemas by symbols that are the same for all who ask for them by name. */
function symbolCode(symbol) {
  return `Symbol.for(${JSON.stringify(Symbol.keyFor(symbol))})`
}

function primitiveCode(value) {
  if (value === undefined) return 'undefined'
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) {
    return JSON.stringify(value)
  }
  throw new Error(`cannot print a ${typeof value} of a schema`)
}
