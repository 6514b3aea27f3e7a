import type { Commands } from '../ports/commands.ts'
import type { Prober } from '../ports/prober.ts'
import { createExecProbe } from './exec.ts'
import { probeHttp } from './http.ts'
import { probeTcp } from './tcp.ts'

export function createProber(commands: Commands): Prober {
  const probeExec = createExecProbe(commands)
  return {
    probe(target, onEnd) {
      const { check } = target
      switch (check.kind) {
        case 'http':
          return probeHttp(check, onEnd)
        case 'tcp':
          return probeTcp(check, onEnd)
        case 'exec':
          return probeExec(check, target, onEnd)
      }
    },
  }
}
