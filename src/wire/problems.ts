import { type Static, Type } from '@sinclair/typebox'

/** Why a request was not carried out, by RFC 9457. */
export const ProblemSchema = Type.Object(
  {
    title: Type.String({ description: 'What the status says, in words.' }),
    status: Type.Integer(),
    code: Type.String({ description: 'What clients go by; a code is never reused.' }),
    detail: Type.String({ description: 'What is wrong here, and what to do.' }),
  },
  { $id: 'Problem', description: 'Why a request was not carried out (RFC 9457).' },
)

export type Problem = Static<typeof ProblemSchema> & { readonly code: ProblemCode }

/** The codes that there are, each with its status. */
export const problemStatus = {
  INVALID_REQUEST: 400,
  CONFIG_INVALID: 422,
  NO_TOKEN: 401,
  NO_ACCESS: 403,
  NO_SUCH_NAME: 404,
  NO_SUCH_RESOURCE: 404,
  NO_SUCH_METHOD: 405,
  NOT_POSSIBLE_NOW: 409,
  TOO_MANY: 503,
  INTERNAL: 500,
} as const

export type ProblemCode = keyof typeof problemStatus

/** Thrown by what answers a request. */
export class RequestProblem extends Error {
  readonly code: ProblemCode

  constructor(code: ProblemCode, detail: string) {
    super(detail)
    this.code = code
  }
}
