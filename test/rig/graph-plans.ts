import type { GroupSpec, Plan } from '../../src/plan/plan.ts'
import type { ProcessSpec, RestartPolicy } from '../../src/plan/process-spec.ts'
import { planOf, processSpec } from './specs.ts'
import type { Draws } from './walk/draws.ts'

/** Up to seven processes, each of which may depend on those before it, with some of them in a group. */
export function drawGraph(draws: Draws): Plan {
  const { random, below, oneOf } = draws
  const names = Array.from({ length: 1 + below(7) }, (_, index) => `p${index}`)
  const specs = names.map((name, index) => drawProcess(name, names.slice(0, index), draws))
  const shuffled = specs
    .map((spec) => ({ spec, place: random() }))
    .sort((a, b) => a.place - b.place)
  return {
    ...planOf(...shuffled.map(({ spec }) => spec)),
    groups: drawGroups(names, draws),
    shutdown: {
      drainMs: oneOf([0, 0, 500, 5000]),
      graceMs: oneOf([0, 300, 5000, 30_000, 1_000_000]),
    },
  }
}

function drawProcess(
  name: string,
  others: readonly string[],
  { below, oneOf }: Draws,
): ProcessSpec {
  const conditions = ['started', 'ready', 'succeeded'] as const
  return processSpec(name, {
    replicas: oneOf([0, 1, 1, 1, 1, 1, 1, 2, 3]),
    dependsOn: others.flatMap((process) =>
      below(3) > 0 ? [] : [{ process, condition: oneOf(conditions) }],
    ),
    autoStart: below(6) > 0,
    startDelayMs: oneOf([0, 0, 0, 300]),
    restartPolicy: oneOf<RestartPolicy>(['Always', 'OnFailure', 'Never']),
    restartLimit: oneOf([null, { count: 2, withinMs: 5000 }]),
    isEssential: below(8) === 0,
    isShutdownOnExit: below(20) === 0,
    killMode: oneOf(['staged', 'mixed', 'group'] as const),
    graceMs: oneOf([0, 100, 1000, 10_000]),
  })
}

function drawGroups(names: readonly string[], { below, oneOf }: Draws): readonly GroupSpec[] {
  const members = names.filter(() => below(2) === 0)
  if (members.length === 0) return []
  return [
    {
      ...{ name: 'group', processes: members, isEssential: below(4) === 0 },
      strategy: oneOf(['OneForOne', 'OneForAll', 'RestForOne'] as const),
      restartLimit: oneOf([null, { count: 3, withinMs: 10_000 }]),
    },
  ]
}
