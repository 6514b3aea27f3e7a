import { SupervisorError } from '../lib/errors.ts'

/** What is wrong with the words behind `command`: a text, or what `parseArgs` threw. */
export function usageError(command: string, problem: unknown): SupervisorError {
  if (problem instanceof Error && !(problem instanceof TypeError)) throw problem
  const text = problem instanceof Error ? problem.message.split('\n', 1)[0] : problem
  return new SupervisorError('USAGE', `${command}: ${text}. See "ringmaster ${command} --help"`)
}
