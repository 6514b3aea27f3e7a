import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import type { Path } from './problems.ts'
import { keyName } from './structure.ts'

/** Where the values of a document are written, looked up only when asked. */
export interface Places {
  /** Where the key or the value of `path` begins; where there is none, the nearest key above. */
  offset(path: Path, atKey: boolean): number
  /** The letters of a scalar, such as `1.10`, or of the one that an alias stands for; undefined where `path` leads to none. */
  spelling(path: Path): string | undefined
  /** How far `path` leads, and whether what stands there settles it: its value, or something that is no map. */
  reach(path: Path): { readonly steps: number; readonly isSettled: boolean }
}

interface Step {
  /** Where its key begins, or the item of a list. */
  readonly keyOffset: number
  readonly node: Node
}

type Index = ReadonlyMap<string | undefined, Pair<Node, Node | null>>
type NamedItems = ReadonlyMap<string | undefined, Step>

export function findPlaces(document: Document.Parsed): Places {
  // A map finds a key by search; with this, a file of many keys and many errors is not quadratic.
  const indexes = new WeakMap<YAMLMap<Node, Node | null>, Index>()
  const namedItems = new WeakMap<YAMLSeq<Node>, NamedItems>()
  let targets: ReadonlyMap<Alias, Node> | undefined
  return {
    offset: (path, atKey) => {
      const steps = walk(path)
      const last = steps.at(-1)
      if (last === undefined) return document.contents?.range[0] ?? 0
      const [begin, end] = last.node.range ?? [last.keyOffset, last.keyOffset]
      // Of a command line, only the whole has a place.
      const isFound = steps.length === path.length || isScalar(last.node)
      // A value that is not there has no place of its own.
      return atKey || !isFound || begin === end ? last.keyOffset : begin
    },
    spelling: (path) => {
      const node = resolved(walk(path).at(-1)?.node)
      return isScalar(node) ? node.source : undefined
    },
    reach: (path) => {
      const steps = walk(path)
      const node = resolved(steps.at(-1)?.node ?? document.contents)
      // A list may lack a name as a map does a key.
      const isOpen = isMap(node) || (isSeq(node) && typeof path[steps.length] === 'string')
      return { steps: steps.length, isSettled: steps.length === path.length || !isOpen }
    },
  }

  /** The nodes along a path, as far as it leads. */
  function walk(path: Path): readonly Step[] {
    const steps: Step[] = []
    let node: Node | null | undefined = document.contents
    for (const key of path) {
      const step: Step | undefined = stepInto(node, key)
      if (step === undefined) break
      steps.push(step)
      node = step.node
    }
    return steps
  }

  function stepInto(parent: Node | null | undefined, key: string | number): Step | undefined {
    const collection = resolved(parent)
    if (isSeq<Node>(collection)) {
      if (typeof key === 'string') return namedItemsOf(collection).get(key)
      const node = collection.items[key]
      return node && { keyOffset: node.range?.[0] ?? 0, node }
    }
    if (!isMap<Node, Node | null>(collection)) return undefined
    const index = indexOf(collection)
    const pair = index.get(String(key))
    if (pair !== undefined) {
      return { keyOffset: pair.key.range?.[0] ?? 0, node: pair.value ?? pair.key }
    }
    const merged = index.get('<<')?.value
    for (const source of isSeq<Node>(merged) ? merged.items : [merged]) {
      const step = source && stepInto(source, key)
      if (step) return step
    }
    return undefined
  }

  function resolved(node: Node | null | undefined): Node | null | undefined {
    if (!isAlias(node)) return node
    targets ??= findTargets(document)
    return targets.get(node)
  }

  /** The values of a list of `{name, value}`, by name. */
  function namedItemsOf(list: YAMLSeq<Node>): NamedItems {
    const known = namedItems.get(list)
    if (known !== undefined) return known
    const items: NamedItems = new Map(
      list.items.map((item) => {
        const name = resolved(stepInto(item, 'name')?.node)
        const value = stepInto(item, 'value')?.node ?? item
        return [
          isScalar(name) ? String(name.value) : undefined,
          { keyOffset: item.range?.[0] ?? 0, node: value },
        ]
      }),
    )
    namedItems.set(list, items)
    return items
  }

  function indexOf(map: YAMLMap<Node, Node | null>): Index {
    const known = indexes.get(map)
    if (known !== undefined) return known
    const index: Index = new Map(map.items.map((pair) => [keyName(pair.key), pair]))
    indexes.set(map, index)
    return index
  }
}

/** What each alias stands for. Found for all at once: the parser's own search goes through the whole document for one. */
function findTargets(document: Document.Parsed): ReadonlyMap<Alias, Node> {
  const anchors = new Map<string, Node>()
  const targets = new Map<Alias, Node>()
  visit(document, {
    Node: (_, node) => {
      if (!isAlias(node)) {
        if (node.anchor !== undefined) anchors.set(node.anchor, node)
        return
      }
      const target = anchors.get(node.source)
      if (target) targets.set(node, target)
    },
  })
  return targets
}
