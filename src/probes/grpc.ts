import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2'
import type { Check } from '../plan/instance-spec.ts'
import type { Outcome } from '../ports/prober.ts'
import { describeError, loopback } from './connect.ts'

export type GrpcCheck = Extract<Check, { kind: 'grpc' }>

/** One call of `grpc.health.v1.Health/Check`, without TLS; `SERVING` is a success. */
export function probeGrpc(
  { host, port, service }: GrpcCheck,
  onEnd: (outcome: Outcome) => void,
): () => void {
  const [first = '', second] = host === null ? loopback : [host]
  let isOver = false
  let session = call(first, (problem) => {
    if (second === undefined) end({ isOk: false, detail: problem })
    else session = call(second, () => end({ isOk: false, detail: problem }))
  })
  return close

  function close(): void {
    isOver = true
    session.destroy()
  }

  function end(outcome: Outcome): void {
    if (isOver) return
    close()
    onEnd(outcome)
  }

  function call(address: string, onRefused: (problem: string) => void): ClientHttp2Session {
    const name = address.includes(':') ? `[${address}]` : address
    // Loaded by the first call: it takes a megabyte.
    const { connect } = process.getBuiltinModule('node:http2')
    const session = connect(`http://${name}:${port}`)
    let isConnected = false
    session.on('error', (error) => {
      if (isOver) return
      if (isConnected) end({ isOk: false, detail: describeError(error) })
      else onRefused(describeError(error))
    })
    session.once('connect', () => {
      isConnected = true
      const stream = session.request({
        ':method': 'POST',
        ':path': '/grpc.health.v1.Health/Check',
        ':authority': host === null ? `localhost:${port}` : `${name}:${port}`,
        'content-type': 'application/grpc',
        te: 'trailers',
        'user-agent': 'ringmaster-probe',
      })
      stream.end(frame(service))
      readAnswer(stream, (detail) => end({ isOk: detail === 'SERVING', detail }))
    })
    return session
  }
}

/** More than any answer has. */
const mostBytes = 1024

function readAnswer(stream: ClientHttp2Stream, onEnd: (detail: string) => void): void {
  let data = Buffer.alloc(0)
  let code: string | undefined
  const takeCode = (headers: Readonly<Record<string, unknown>>) => {
    const { 'grpc-status': status } = headers
    if (typeof status === 'string') code = status
  }
  stream.on('response', (headers) => {
    if (headers[':status'] !== 200) onEnd(`HTTP ${headers[':status']}`)
    takeCode(headers)
  })
  stream.on('trailers', takeCode)
  stream.on('data', (chunk: Buffer) => {
    data = Buffer.concat([data, chunk])
    if (data.length > mostBytes) onEnd('answer is not one of grpc.health.v1')
  })
  let nothing = 'no answer'
  // Before the session tells of it. Others are of the connection, and for the session.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_HTTP2_ERROR') nothing = 'answer is not HTTP/2'
  })
  stream.on('close', () => {
    if (code === undefined) onEnd(data.length === 0 ? nothing : 'answer cut off')
    else onEnd(code === '0' ? statusOf(data) : `gRPC status ${code}${statusNames[code] ?? ''}`)
  })
}

const statusNames: Readonly<Record<string, string>> = {
  5: ' (unknown service)',
  12: ' (it has no grpc.health.v1)',
}

/** `message HealthCheckRequest { string service = 1; }`, behind the five bytes that gRPC puts before each message. */
function frame(service: string): Buffer {
  const name = Buffer.from(service)
  // A varint: seven bits a byte, the lowest first.
  const length = name.length < 128 ? [name.length] : [(name.length & 127) | 128, name.length >> 7]
  const message = name.length === 0 ? name : Buffer.concat([Buffer.of(0x0a, ...length), name])
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}

const servingStatuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']

/** `message HealthCheckResponse { ServingStatus status = 1; }`; without the field it is 0. */
function statusOf(data: Buffer): string {
  const isPlain = data.length >= 5 && data[0] === 0 && data.readUInt32BE(1) === data.length - 5
  const message = data.subarray(5)
  const status = message.length === 0 ? 0 : message[0] === 0x08 ? message[1] : undefined
  const name = status === undefined || !isPlain ? undefined : servingStatuses[status]
  return name ?? 'answer is not one of grpc.health.v1'
}
