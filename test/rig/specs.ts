import type { Plan, ProcessSpec } from '../../src/plan/plan.ts'

export interface ProcessGiven extends Partial<Omit<ProcessSpec, 'name' | 'instances'>> {
  readonly replicas?: number
}

/** A process as the defaults have it, but for what is given and without jitter. */
export function processSpec(name: string, given: ProcessGiven = {}): ProcessSpec {
  const { replicas = 1, ...rest } = given
  return {
    name,
    restartPolicy: 'Always',
    backoff: { initialMs: 100, factor: 2, maxMs: 30_000, jitter: 0, resetAfterMs: 10_000 },
    stopSignal: 15,
    graceMs: 10_000,
    instances: Array.from({ length: replicas }, (_, index) => ({
      name: `${name}.${index + 1}`,
      process: name,
      number: index + 1,
      command: ['/bin/true'] as const,
      env: {},
      workingDir: null,
      runAsUser: null,
      runAsGroup: null,
    })),
    ...rest,
  }
}

export function planOf(...processes: readonly ProcessSpec[]): Plan {
  return { http: null, logs: { format: 'prefix' }, processes }
}
