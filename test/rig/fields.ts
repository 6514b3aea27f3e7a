// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import type { Test } from 'tap'
import { parseConfig } from '../../src/config/load.ts'
import type { Variables } from '../../src/config/variables.ts'
import { problemsIn } from './problems.ts'

const env = {
  YES: 'true',
  NO: 'false',
  LIMIT: '4096',
  MASK: '027',
  DOLLARS: '$$ ${YES} $(YES)',
  TIGHT: '$$${YES}$(YES)',
  RUN_AS: '1000',
  COUNT: '3',
  WORD: 'many',
  TEXT: 'a b $$ ${RUN_AS} ${instance.name}',
}

/** A file in /srv. */
export const parse = (text: string, given: Omit<Variables, 'env'> = {}) =>
  parseConfig(text, '/srv/f.yaml', { env, ...given })

/** The lines that a file `f.yaml` with this text is refused with. */
export const problemsOf = (text: string) => problemsIn(parseConfig(text, 'f.yaml', { env }))

/** A file, on one line, whose one process has this field. */
export const web = (field: string) => `processes: {web: {command: a, ${field}}}`

/** What is read of the one process of a file with this field. */
export async function fieldsOf(field: string) {
  return (await parse(web(field))).processes['web']
}

/** That a process with each of the fields is refused with one line, which says this of the field. */
export async function refuses(
  t: Test,
  rows: readonly (readonly [field: string, message: string | RegExp])[],
): Promise<void> {
  for (const [field, message] of rows) {
    const [line, ...others] = await problemsOf(web(field))
    t.strictSame(others, [], field)
    t.match(line, /^f\.yaml:1:\d+: processes\.web\./, field)
    const told = line?.replace(/^\S+ processes\.web\./, '') ?? ''
    if (typeof message === 'string') t.equal(told, message, field)
    else t.match(told, message, field)
  }
}
