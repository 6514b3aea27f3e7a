import { SupervisorError } from '../../src/lib/errors.ts'

/** The lines of the error that a config is refused with; none when it is not. */
export async function problemsIn(loading: Promise<unknown>): Promise<readonly string[]> {
  try {
    await loading
  } catch (error) {
    if (error instanceof SupervisorError && error.code === 'CONFIG_INVALID') {
      return error.message.split('\n')
    }
    throw error
  }
  return []
}
