import { isUtf8 } from 'node:buffer'
import { parseEnv } from 'node:util'

/** Variables by name. */
export type EnvText = Readonly<Record<string, string>>

/** The variables of a file of NAME=value lines, as dotenv has them; or, in a few words, why it has none that a process could be given. */
export function parseEnvText(
  bytes: Buffer,
): { readonly variables: EnvText } | { readonly reason: string } {
  if (!isUtf8(bytes)) return { reason: 'it is not UTF-8' }
  // A byte order mark is none of the first name.
  const parsed = parseEnv(bytes.toString('utf8').replace(/^\uFEFF/, ''))
  const variables: [name: string, value: string][] = []
  for (const [written, value = ''] of Object.entries(parsed)) {
    // Node.js from 22 on leaves it where the value is empty.
    const name = written.replace(/^export\s+/, '')
    // In Node.js 20 what is no NAME=value line ends up in the next name; later ones drop it.
    if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name))
      return { reason: `${JSON.stringify(name.slice(0, 60))} is no name of a variable` }
    if (value.includes('\0')) return { reason: `${name} holds a NUL character` }
    variables.push([name, value])
  }
  return { variables: Object.fromEntries(variables) }
}
