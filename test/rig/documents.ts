import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './fixtures.ts'

/** What users read, relative to the root of the project. */
export const documents: readonly string[] = [
  'README.md',
  ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`),
]

export interface Block {
  readonly text: string
  /** Of its first line, from 1. */
  readonly line: number
}

/** The fenced blocks of `language` in a document. */
export function blocks(file: string, language: string): readonly Block[] {
  const text = readFileSync(join(root, file), 'utf8')
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    (match) => ({
      text: match[1] ?? '',
      line: text.slice(0, match.index).split('\n').length + 1,
    }),
  )
}

/** The blocks of YAML in a document that are configurations. */
export function configurations(file: string): readonly Block[] {
  return blocks(file, 'yaml').filter((block) => !isManifest(block))
}

/** The blocks of YAML in a document that are Kubernetes' objects. */
export function manifests(file: string): readonly Block[] {
  return blocks(file, 'yaml').filter(isManifest)
}

function isManifest({ text }: Block): boolean {
  return text.startsWith('apiVersion:')
}

/** What stands between `<!-- name -->` and `<!-- /name -->`, and around it. */
export function section(
  text: string,
  name: string,
): { before: string; text: string; after: string } {
  const begin = text.indexOf(`<!-- ${name} -->\n`) + `<!-- ${name} -->`.length
  const end = text.indexOf(`<!-- /${name} -->`)
  if (end < begin) throw new Error(`no section ${name}`)
  return { before: text.slice(0, begin), text: text.slice(begin, end), after: text.slice(end) }
}
