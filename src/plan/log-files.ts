import type { FileTarget, Plan } from './plan.ts'

/** A stream of an instance that is written to a file. */
export interface FileUse {
  readonly instance: string
  readonly stream: 'stdout' | 'stderr'
  readonly target: FileTarget
}

/** All of them, in the order of the plan. Pure. */
export function logFilesOf({ processes }: Pick<Plan, 'processes'>): readonly FileUse[] {
  return processes.flatMap(({ instances }) =>
    instances.flatMap(({ name, logs }) =>
      streams.flatMap((stream): FileUse[] => {
        const target = logs[stream]
        return typeof target === 'object' ? [{ instance: name, stream, target }] : []
      }),
    ),
  )
}

const streams = ['stdout', 'stderr'] as const
