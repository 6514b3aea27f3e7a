import { loadBundle } from '../os/bundle.ts'
import { usageError } from './usage.ts'

/** How data is printed. */
export type Format = 'table' | 'json' | 'yaml'

export function parseFormat(command: string, text = 'table'): Format {
  if (text === 'table' || text === 'json' || text === 'yaml') return text
  throw usageError(command, `--output takes table, json or yaml, not "${text}"`)
}

/** `data` as it is, or what `toTable` makes of it. */
export function print<T>(format: Format, data: T, toTable: (data: T) => string): string {
  switch (format) {
    case 'table':
      return toTable(data)
    case 'json':
      return `${JSON.stringify(data, null, 2)}\n`
    case 'yaml': {
      const { printYaml } = loadBundle('commands') as typeof import('./commands.ts')
      return printYaml(data)
    }
  }
}
