import { isSame } from '../config/differences.ts'
import type { InstanceTemplate } from './instance-spec.ts'
import type { Plan } from './plan.ts'
import type { ProcessSpec } from './process-spec.ts'

/** What another plan changes. Plain data. */
export interface PlanDiff {
  /** In the order of the new plan, then those that are no more. */
  readonly processes: readonly ProcessDiff[]
  /** Names of settings of Ringmaster itself that change at once: `shutdown`. */
  readonly settings: readonly string[]
  /** The same of those that only a restart of the container changes: `logs`. */
  readonly fixed: readonly string[]
}

export interface ProcessDiff {
  readonly process: string
  /** `rollout`: new runs are needed; `update`: it changes at once; `scale`: only its replicas change. */
  readonly kind: 'added' | 'removed' | 'rollout' | 'update' | 'scale'
  /** Names of fields that differ, as they are written: `command`. */
  readonly fields: readonly string[]
  /** Where their number changes. */
  readonly replicas: { readonly from: number; readonly to: number } | null
}

/** What cannot change while Ringmaster runs: it has opened or become it. */
export type FixedSettings = Pick<Plan, 'logs' | 'sockets' | 'dropsSelf' | 'stateDir'>

/** What is running: the newest specs, those that are on their way included. */
export type Running = Pick<Plan, 'processes' | (typeof settings)[number]> & {
  readonly fixed: FixedSettings
}

/** What `plan` changes of what is running. Pure. */
export function diffPlans(running: Running, plan: Plan): PlanDiff {
  const before = new Map(running.processes.map((spec) => [spec.name, spec]))
  const after = new Set(plan.processes.map(({ name }) => name))
  return {
    processes: [
      ...plan.processes.flatMap((spec) => diffProcess(before.get(spec.name), spec) ?? []),
      ...running.processes
        .filter(({ name }) => !after.has(name))
        .map(({ name }): ProcessDiff => {
          return { process: name, kind: 'removed', fields: [], replicas: null }
        }),
    ],
    settings: settings.filter((name) => !isSame(running[name], plan[name])),
    fixed: fixed.flatMap(([name, key]) => (isSame(running.fixed[key], plan[key]) ? [] : [name])),
  }
}

/** Whether nothing differs. */
export function isEmpty({ processes, settings, fixed }: PlanDiff): boolean {
  return processes.length + settings.length + fixed.length === 0
}

/** What differs between two specs of a process; null: nothing that has an effect. Pure. */
export function diffProcess(
  before: ProcessSpec | undefined,
  after: ProcessSpec,
): ProcessDiff | null {
  const { name: process, replicas: to } = after
  if (before === undefined) return { process, kind: 'added', fields: [], replicas: null }
  const replicas = before.replicas === to ? null : { from: before.replicas, to }
  const fields = [
    ...specFields.flatMap(([key, name]) => (isSame(before[key], after[key]) ? [] : [name])),
    ...templateFields.flatMap(([key, name]) => {
      return isSameIn(before.template, after.template, key) ? [] : [name]
    }),
  ]
  const named = [...new Set(fields)]
  if (named.length === 0) {
    return replicas && { process, kind: 'scale', fields: ['replicas'], replicas }
  }
  const kind = needsNewRuns(before, after) ? 'rollout' : 'update'
  return { process, kind, fields: replicas ? [...named, 'replicas'] : named, replicas }
}

/** Whether a run of one spec cannot become one of the other. Pure. */
export function needsNewRuns(before: ProcessSpec, after: ProcessSpec): boolean {
  const [one, other] = [before.template, after.template]
  return (
    before.isOnDemand !== after.isOnDemand ||
    templateFields.some(([key, , ofRun]) => ofRun && !isSameIn(one, other, key)) ||
    !isSame([one.logs.stdout, one.logs.stderr], [other.logs.stdout, other.logs.stderr]) ||
    !isSame(outputChecks(one), outputChecks(other)) ||
    !isSame(untried(before), untried(after))
  )
}

function isSameIn(
  before: InstanceTemplate,
  after: InstanceTemplate,
  key: keyof InstanceTemplate,
): boolean {
  return key === 'env' ? isSameEnv(before, after) : isSame(before[key], after[key])
}

/** A sibling that comes or goes is no reason for new runs, as in a cluster; another port of one is. */
function isSameEnv(before: InstanceTemplate, after: InstanceTemplate): boolean {
  const names = new Set([...Object.keys(before.env), ...Object.keys(after.env)])
  return [...names].every((name) => {
    if (before.env[name] === after.env[name]) return true
    if (Object.hasOwn(before.env, name) && Object.hasOwn(after.env, name)) return false
    return before.services.includes(name) || after.services.includes(name)
  })
}

/** Those that listen to a run from its begin. */
function outputChecks({ checks }: InstanceTemplate) {
  return Object.entries(checks).filter(([, { kind }]) => kind.startsWith('log'))
}

/** Probes that are asked of the process itself, or of what it writes, from its begin. */
function untried({ probes }: ProcessSpec) {
  return Object.entries(probes).filter(([, { by }]) => by !== 'tries')
}

const settings = ['http', 'control', 'shutdown', 'signals', 'groups'] as const

const fixed: readonly (readonly [name: string, key: keyof FixedSettings])[] = [
  ['logs', 'logs'],
  ['sockets', 'sockets'],
  ['dropSelf', 'dropsSelf'],
  ['stateDir', 'stateDir'],
]

type SpecField = Exclude<
  keyof ProcessSpec,
  'name' | 'replicas' | 'mostReplicas' | 'template' | 'sockets' | 'hooks' | 'isFirstStartFinal'
>
type TemplateField = Exclude<keyof InstanceTemplate, 'process' | 'services'>

/** As they are written. */
const specNames: Readonly<Record<SpecField, string>> = {
  ...{ autoStart: 'autoStart', startDelayMs: 'startDelaySeconds', isOnDemand: 'onDemand' },
  ...{ dependsOn: 'dependsOn', restartPolicy: 'restartPolicy', backoff: 'backoff' },
  ...{ successExitCodes: 'successExitCodes', restartLimit: 'restartLimit' },
  ...{ isEssential: 'essential', isShutdownOnExit: 'shutdownOnExit', stopSignal: 'stopSignal' },
  reloadSignal: 'reloadSignal',
  ...{ graceMs: 'terminationGracePeriodSeconds', killMode: 'killMode', maxAgeMs: 'maxAgeSeconds' },
  ...{ maxAgeJitterMs: 'maxAgeJitterSeconds', memoryLimitBytes: 'resources', probes: 'probes' },
  ...{ strategy: 'strategy', minReadyMs: 'minReadySeconds' },
  progressDeadlineMs: 'progressDeadlineSeconds',
}

/** As they are written, and whether a run keeps them for its life. */
const templateNames: Readonly<Record<TemplateField, readonly [string, boolean]>> = {
  ...{ command: ['command', true], inheritEnv: ['inheritEnv', true], env: ['env', true] },
  ...{ workingDir: ['workingDir', true], sockets: ['sockets', true], stdin: ['stdin', true] },
  ...{ ports: ['ports', true], logs: ['logs', false], notify: ['probes', true] },
  ...{ checks: ['probes', false], hooks: ['lifecycle', false] },
  ...{ security: ['securityContext', true], resources: ['resources', true] },
}

const specFields = Object.entries(specNames) as [SpecField, string][]
const templateFields = Object.entries(templateNames).map(
  ([key, [name, ofRun]]) => [key as TemplateField, name, ofRun] as const,
)
