import { stringify } from 'yaml'

/** Data as a YAML document; a text is never broken. */
export function printYaml(data: unknown): string {
  return stringify(data, { lineWidth: 0 })
}
