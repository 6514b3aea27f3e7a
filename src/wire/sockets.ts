import { type Static, Type } from '@sinclair/typebox'

/** A socket that listens for processes. */
export const SocketSchema = Type.Object(
  {
    name: Type.String(),
    address: Type.String({ description: '`0.0.0.0:8080`, with the real port, or a path.' }),
    processes: Type.Array(Type.String(), { description: 'Who has it.' }),
  },
  { $id: 'Socket' },
)

export type SocketStatus = Static<typeof SocketSchema>
