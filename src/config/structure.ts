import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, visit } from 'yaml'

/** What is wrong at an offset of a text. */
export interface TextProblem {
  readonly offset: number
  readonly message: string
}

/** How often anchors may be used, each use counted with those nested in it: room for any honest file, none for a bomb. */
export const MAX_ALIASES = 1000
export const tooManyAliases = `anchors are used more than ${MAX_ALIASES} times`

/** Duplicate keys, aliases without an anchor or within it, and merges of what is no map; in time linear to the text, which the parser's own search for duplicates is not. */
export function checkStructure(document: Document.Parsed): readonly TextProblem[] {
  const problems: TextProblem[] = []
  const anchors = new Map<string, Node>()
  let aliases = 0
  visit(document, {
    Node: (_, node, ancestors) => {
      if (!isAlias(node)) {
        if (node.anchor !== undefined) anchors.set(node.anchor, node)
        if (isMap<Node, Node | null>(node)) problems.push(...duplicateKeys(node.items))
        return undefined
      }
      aliases += 1
      const offset = node.range?.[0] ?? 0
      if (aliases > MAX_ALIASES) {
        problems.push({ offset, message: tooManyAliases })
        return visit.BREAK
      }
      const target = anchors.get(node.source)
      if (target === undefined) {
        problems.push({
          offset,
          message: `"*${node.source}" has no anchor "&${node.source}" before it`,
        })
      } else if (ancestors.includes(target)) {
        problems.push({ offset, message: `"*${node.source}" stands within its own anchor` })
      }
      return undefined
    },
    Pair: (_, pair) => {
      if (!isScalar(pair.key) || keyName(pair.key) !== '<<') return
      const sources = isSeq(pair.value) ? pair.value.items : [pair.value]
      const merged = sources.map((node) => (isAlias(node) ? anchors.get(node.source) : node))
      // An alias of this very value is not known yet; it is found out as one without an anchor.
      if (!merged.every((node) => node === undefined || isMap(node))) {
        problems.push({ offset: pair.key.range?.[0] ?? 0, message: '"<<" merges maps only' })
      }
    },
  })
  return problems
}

/** The text of a plain key. */
export function keyName(key: Node): string | undefined {
  return isScalar(key) ? String(key.value) : undefined
}

function duplicateKeys(pairs: readonly Pair<Node, Node | null>[]): TextProblem[] {
  const seen = new Set<string>()
  return pairs.flatMap(({ key }) => {
    const name = keyName(key)
    if (name === undefined || !seen.has(name)) {
      seen.add(name ?? '')
      return []
    }
    const message = 'this key is in the map already; remove one of the two'
    return [{ offset: key.range?.[0] ?? 0, message }]
  })
}
