import type { ProcessView, View } from '../core/view.ts'

/** The answer to one probe. */
export interface Answer {
  readonly isOk: boolean
  readonly text: string
}

/** `ok`, or every check as kube-apiserver prints them: `[+]web ready`, `[-]api.2 backoff`. What fails is always said. */
export function answerReadyz(view: View, isVerbose: boolean): Answer {
  const shutdown = view.phase === 'running' ? [] : ['[-]shutdown in progress']
  return answer('readyz', view.isReady, [...shutdown, ...counted(view).flatMap(check)], isVerbose)
}

export function answerStartupz(view: View, isVerbose: boolean): Answer {
  return answer('startupz', view.isStarted, counted(view).flatMap(checkStart), isVerbose)
}

/** We live as long as we answer; a child's trouble is no reason for the kubelet to end us. */
export function answerLivez(isVerbose: boolean): Answer {
  return answer('livez', true, ['[+]ping ok'], isVerbose)
}

/** Lines are at most 80 bytes or so; the kubelet keeps 10 KiB of a body. */
const mostLines = 100

function answer(
  probe: string,
  isOk: boolean,
  checks: readonly string[],
  isVerbose: boolean,
): Answer {
  if (isOk && !isVerbose) return { isOk, text: 'ok' }
  const failing = checks.filter((line) => line.startsWith('[-]'))
  const lines = isVerbose
    ? [...failing, ...checks.filter((line) => !line.startsWith('[-]'))]
    : failing
  const shown = lines.slice(0, mostLines)
  const more = lines.length - shown.length
  const last = `${probe} check ${isOk ? 'passed' : 'failed'}`
  return { isOk, text: [...shown, ...(more > 0 ? [`${more} more`] : []), last, ''].join('\n') }
}

function counted({ processes }: View): readonly ProcessView[] {
  return processes.filter((process) => process.counts)
}

function check(process: ProcessView): readonly string[] {
  return process.isReady ? [`[+]${process.name} ready`] : unready(process)
}

function checkStart(process: ProcessView): readonly string[] {
  return process.isStarted ? [`[+]${process.name} started`] : unready(process)
}

/** One line for each instance that is not ready. */
function unready(process: ProcessView): readonly string[] {
  return process.instances
    .filter((instance) => !instance.isReady)
    .map((instance) => `[-]${instance.name} ${instance.phase}`)
}
