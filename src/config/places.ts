import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type YAMLMap,
} from 'yaml'
import type { Path } from './problems.ts'
import { keyName } from './structure.ts'

/** Where the values of a document are written, looked up only when asked. */
export interface Places {
  /** Where the key or the value of `path` begins; where there is none, the nearest key above. */
  offset(path: Path, atKey: boolean): number
  /** The letters of a scalar, such as `1.10`; undefined where `path` leads to none. */
  spelling(path: Path): string | undefined
}

interface Step {
  /** Where its key begins, or the item of a list. */
  readonly keyOffset: number
  readonly node: Node
}

type Index = ReadonlyMap<string | undefined, Pair<Node, Node | null>>

export function findPlaces(document: Document.Parsed): Places {
  // A map finds a key by search; with this, a file of many keys and many errors is not quadratic.
  const indexes = new WeakMap<YAMLMap<Node, Node | null>, Index>()
  return {
    offset: (path, atKey) => {
      const steps = walk(path)
      const last = steps.at(-1)
      if (last === undefined) return document.contents?.range[0] ?? 0
      const [begin, end] = last.node.range ?? [last.keyOffset, last.keyOffset]
      // A value that is not there has no place of its own.
      return atKey || steps.length < path.length || begin === end ? last.keyOffset : begin
    },
    spelling: (path) => {
      const node = walk(path).at(-1)?.node
      return isScalar(node) ? node.source : undefined
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
    const collection = isAlias(parent) ? parent.resolve(document) : parent
    if (isSeq<Node>(collection)) {
      const node = collection.items[Number(key)]
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

  function indexOf(map: YAMLMap<Node, Node | null>): Index {
    const known = indexes.get(map)
    if (known !== undefined) return known
    const index: Index = new Map(map.items.map((pair) => [keyName(pair.key), pair]))
    indexes.set(map, index)
    return index
  }
}
