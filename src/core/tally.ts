import type { Instance } from './instance-state.ts'
import { isAtRest, isDone, isGone, isToBeKilled, isToBeStopped } from './step.ts'

/** What something follows from, whatever event led to it: asked for after each, of which there may be as many as there are instances. */
const claims = {
  ...{ isAtRest, isDone, isGone, isToBeStopped, isToBeKilled },
  /** It goes on by itself. */
  isBusy: (one: Instance) => !isDone(one) && !one.isWaiting,
  isWaiting: ({ isWaiting }: Instance) => isWaiting,
  isOnCall: ({ awaited }: Instance) => awaited === 'connection',
  isOld: ({ live }: Instance) => live?.age === 'old',
}

export type Claim = keyof typeof claims

/** All there are. */
export const claimNames = Object.keys(claims) as readonly Claim[]

/** How many instances a process has, and what those say is wanted of it that stay and are not given up. */
export interface Headcount {
  readonly all: number
  readonly wanted: number
  readonly unwanted: number
}

/** Of how many instances that is true. Pure. */
export function count(instances: readonly Instance[], claim: Claim): number {
  return tallyOf(instances).counts[claim]
}

/** Pure. */
export function headcount(instances: readonly Instance[], process: string): Headcount {
  return tallyOf(instances).heads.get(process) ?? nobody
}

/** Counts on: `after` is `before` without those who `left` and with those who `came`. Without this it is counted anew. */
export function countOn(
  before: readonly Instance[],
  after: readonly Instance[],
  left: readonly Instance[],
  came: readonly Instance[],
): void {
  const tally = tallies.get(before)
  if (tally === undefined) return
  // It belongs to one list alone, so it can be changed: who still asks of the list before has that counted anew.
  tallies.delete(before)
  for (const one of left) add(tally, one, -1)
  for (const one of came) add(tally, one, 1)
  tallies.set(after, tally)
}

interface Tally {
  readonly counts: Record<Claim, number>
  /** Of processes that have instances. */
  readonly heads: Map<string, Headcount>
}

/** Beside the lists, which never change, and not in the state: so none can come apart from what it counts. */
const tallies = new WeakMap<readonly Instance[], Tally>()
const nobody: Headcount = { all: 0, wanted: 0, unwanted: 0 }

function tallyOf(instances: readonly Instance[]): Tally {
  const known = tallies.get(instances)
  if (known !== undefined) return known
  const zeros = claimNames.map((name) => [name, 0] as const)
  const tally: Tally = {
    counts: Object.fromEntries(zeros) as Record<Claim, number>,
    heads: new Map(),
  }
  for (const one of instances) add(tally, one, 1)
  tallies.set(instances, tally)
  return tally
}

function add({ counts, heads }: Tally, one: Instance, by: 1 | -1): void {
  for (const name of claimNames) if (claims[name](one)) counts[name] += by
  const { all, wanted, unwanted } = heads.get(one.process) ?? nobody
  const says = one.isLeaving || one.isGivenUp ? 0 : by
  const now = {
    all: all + by,
    wanted: wanted + (one.isWanted ? says : 0),
    unwanted: unwanted + (one.isWanted ? 0 : says),
  }
  if (now.all > 0) heads.set(one.process, now)
  else heads.delete(one.process)
}
