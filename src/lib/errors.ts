/** Every code a `SupervisorError` can have. Codes are part of the public interface and are never reused. */
export type ErrorCode =
  | 'USAGE'
  | 'NATIVE_MISSING'
  | 'CONFIG_INVALID'
  | 'START_REFUSED'
  | 'UNREACHABLE'
  | 'REQUEST_FAILED'

/** What went wrong before or beside supervision, in a sentence that says what, where and what to do. A child's death is an event, never an error. */
export class SupervisorError extends Error {
  override readonly name = 'SupervisorError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Whether `error` is a {@link SupervisorError}, also one that another bundle made. */
export function isSupervisorError(error: unknown): error is SupervisorError {
  return error instanceof Error && error.name === 'SupervisorError'
}

/** The name of an errno, such as `ENOENT`; of an error without one its text. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}

/** What `error` says, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
