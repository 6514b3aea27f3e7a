import type { ResourcesSpec } from '../plan/instance-spec.ts'
import type { Refusal } from './child.ts'

/** What was asked for, in the words of the configuration. */
interface Asked {
  /** As it is written: a reference may stand for something secret. */
  readonly command: readonly [string, ...string[]]
  /** What stands for it then. */
  readonly executable: string
  readonly resources: ResourcesSpec
  readonly workingDir: string | null
}

/** The refused step as people know it: with the value that was asked for and, where the kernel forbids it, what it takes. */
export function describeStep(
  { errno, step }: Refusal,
  { command: [command], executable, resources, workingDir }: Asked,
): string {
  const isForbidden = errno === 'EPERM' || errno === 'EACCES'
  const because = (reason: string) => (isForbidden ? ` (${reason})` : '')
  const [key, limit] = step.split(':')
  switch (key) {
    case 'rlimit':
      return limit === undefined
        ? step
        : `rlimits.${limit}=${resources.rlimits[limit]}${because('to raise a hard limit takes CAP_SYS_RESOURCE')}`
    case 'nice':
      return `nice=${resources.nice}${because("a value below Ringmaster's own takes CAP_SYS_NICE")}`
    case 'ionice':
      return `ioClass=${resources.ioClass}${because('realtime takes CAP_SYS_NICE')}`
    case 'affinity':
      return `cpuAffinity=${resources.cpuAffinity}${errno === 'EINVAL' ? ' (Ringmaster may run on none of them)' : ''}`
    case 'oom':
      return `oomScoreAdj=${resources.oomScoreAdj}${because("a value below Ringmaster's own takes CAP_SYS_RESOURCE")}`
    case 'fork':
      return errno === 'E2BIG' ? `${step} (arguments and environment are too large)` : step
    case 'cwd':
      return `workingDir=${workingDir}`
    case 'exec':
      return `command=${command}${whyNotExecuted(errno, executable)}`
    case 'interpreter':
      return `interpreter of ${command}`
    default:
      return step
  }
}

function whyNotExecuted(errno: string, executable: string): string {
  switch (errno) {
    case 'ENOENT':
      return executable.includes('/') ? ' (no such file)' : ' (not found in PATH)'
    case 'EACCES':
      return ' (not executable, or a directory)'
    case 'ENOEXEC':
      return ' (neither a program for this machine nor a script with #!)'
    default:
      return ''
  }
}
