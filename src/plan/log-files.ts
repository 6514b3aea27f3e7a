import type { FileTarget, InstanceSpec } from './instance-spec.ts'
import type { Plan } from './plan.ts'
import { toInstances } from './to-instance.ts'

/** A stream of an instance that is written to a file. */
export interface FileUse {
  readonly instance: string
  readonly stream: 'stdout' | 'stderr'
  readonly target: FileTarget
}

/** All of them, in the order of the plan. Pure. */
export function logFilesOf({ processes }: Pick<Plan, 'processes'>): readonly FileUse[] {
  return processes
    .filter(({ template }) => streams.some((stream) => typeof template.logs[stream] === 'object'))
    .flatMap((process) => toInstances(process).flatMap(filesOf))
}

/** Those of one instance. Pure. */
export function filesOf({ name, logs }: InstanceSpec): readonly FileUse[] {
  return streams.flatMap((stream): FileUse[] => {
    const target = logs[stream]
    return typeof target === 'object' ? [{ instance: name, stream, target }] : []
  })
}

const streams = ['stdout', 'stderr'] as const
