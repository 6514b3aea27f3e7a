import type { InstanceView, ProcessView, View } from '../core/view.ts'

export type Probe = 'livez' | 'healthz' | 'readyz' | 'startupz'

/** One line of an answer. */
export interface Check {
  readonly name: string
  readonly isOk: boolean
  readonly message: string
}

/** What is asked about as one: a process, whose checks are of its instances where it fails, or Ringmaster itself. */
export interface Subject {
  /** The name by which it can be left out; null: it cannot. */
  readonly name: string | null
  readonly checks: readonly Check[]
}

/** What `probe` depends on, of all processes that count or of the one named `process`; null when there is none of that name. */
export function subjectsOf(view: View, probe: Probe, process?: string): readonly Subject[] | null {
  const isOne = process !== undefined
  const processes = view.processes.filter(({ name, counts }) => (isOne ? name === process : counts))
  if (isOne && processes.length === 0) return null
  switch (probe) {
    case 'livez':
    case 'healthz':
      // We live as long as we answer: a child's trouble is no reason for the kubelet to end us.
      return [...(isOne ? processes.map(life) : [ping]), ...(view.isOverdue ? [overdue] : [])]
    case 'readyz':
      return [
        ...(view.phase === 'running' ? [] : [about('shutdown', 'in progress')]),
        ...(view.withdrawn ? [about(view.withdrawn.for, 'in progress')] : []),
        ...processes.map(readiness),
      ]
    case 'startupz':
      return processes.map(start)
  }
}

const ping: Subject = { name: 'ping', checks: [{ name: 'ping', isOk: true, message: 'ok' }] }
const overdue: Subject = about('shutdown', 'has outlived its budget')

function about(name: string, message: string): Subject {
  return { name: null, checks: [{ name, isOk: false, message }] }
}

/** Only what Ringmaster has given up is not alive: all else it restarts. */
function life(process: ProcessView): Subject {
  const failed = process.instances.filter(({ phase }) => phase === 'failed')
  return subject(process, failed.length === 0, 'alive', failed)
}

function readiness(process: ProcessView): Subject {
  const unready = ({ isReady, phase }: InstanceView) => !isReady && phase !== 'succeeded'
  return subject(process, process.isReady, 'ready', process.instances.filter(unready))
}

function start(process: ProcessView): Subject {
  const unstarted = ({ isStarted }: InstanceView) => !isStarted
  return subject(process, process.isStarted, 'started', process.instances.filter(unstarted))
}

function subject(
  { name, instances }: ProcessView,
  isOk: boolean,
  message: string,
  failing: readonly InstanceView[],
): Subject {
  if (isOk) return { name, checks: [{ name, isOk, message }] }
  if (instances.length === 0) return { name, checks: [{ name, isOk, message: 'no instances' }] }
  const checks = failing.map(({ name, phase, reason }) => ({
    name,
    isOk,
    message: reason ?? phase,
  }))
  return { name, checks }
}
