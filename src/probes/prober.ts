import type { Commands } from '../ports/commands.ts'
import type { Outcome, Prober } from '../ports/prober.ts'
import type { Tcp } from '../ports/tcp.ts'
import { createExecProbe } from './exec.ts'
import type { GrpcCheck } from './grpc.ts'
import { probeHttp } from './http.ts'
import { probeTcp } from './tcp.ts'

export function createProber(commands: Commands, tcp: Tcp): Prober {
  const probeExec = createExecProbe(commands)
  return {
    probe(target, onEnd) {
      const { check } = target
      switch (check.kind) {
        case 'http':
          return probeHttp(tcp, check, onEnd)
        case 'tcp':
          return probeTcp(tcp, check, onEnd)
        case 'grpc':
          return probeGrpc(check, onEnd)
        case 'exec':
          return probeExec(check, target, onEnd)
      }
    },
  }
}

/** HTTP/2 takes long to load, and few have such probes. */
function probeGrpc(check: GrpcCheck, onEnd: (outcome: Outcome) => void): () => void {
  let isOver = false
  let cancel = (): void => {
    isOver = true
  }
  // What cannot be loaded is told as an unexpected error, and the try takes too long.
  void import('./grpc.ts').then((grpc) => {
    if (!isOver) cancel = grpc.probeGrpc(check, onEnd)
  })
  return () => cancel()
}
