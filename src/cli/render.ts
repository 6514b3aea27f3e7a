import { renderConfig } from '../config/render.ts'
import { readConfiguration } from './configuration.ts'
import { printYaml } from './print-yaml.ts'
import { laterOptions, parseWords, refuseLater } from './usage.ts'

const renderUsage = `Usage: ringmaster render [OPTION]... [CONFIG]...

Prints a configuration as one file: files merged, defaults and the variables of the environment put in, also secret ones.

      --env-file FILE    add the variables of FILE to the environment; repeatable
  -h, --help             print this
`

/** Carries out `ringmaster render ARGS`; returns the text to print. Throws `CONFIG_INVALID`. */
export async function renderCommand(args: readonly string[]): Promise<string> {
  const { values, positionals } = parseWords('render', args, {
    'env-file': { type: 'string', multiple: true },
    help: { type: 'boolean', short: 'h' },
    ...laterOptions,
  })
  if (values.help) return renderUsage
  refuseLater('render', values)
  const { config } = await readConfiguration('render', positionals, values['env-file'])
  return printYaml(renderConfig(config))
}
