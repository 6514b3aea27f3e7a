import { Type } from '@sinclair/typebox'
import { SocketSchema, type SocketStatus } from '../../wire/sockets.ts'
import { type Operation, operation } from './operation.ts'
import type { ControlSource } from './operations.ts'

export function socketOperations({ sockets, view }: ControlSource): readonly Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/v1/sockets',
      summary: 'Where sockets listen, and for whom.',
      response: Type.Array(SocketSchema),
      handle(): SocketStatus[] {
        const { processes } = view()
        return sockets.map(({ name, address }) => ({
          ...{ name, address },
          processes: processes.flatMap((one) => (one.sockets.includes(name) ? one.name : [])),
        }))
      },
    }),
  ]
}
