import type { Prober } from '../ports/prober.ts'
import { probeHttp } from './http.ts'
import { probeTcp } from './tcp.ts'

export function createProber(): Prober {
  return {
    probe({ check }, onEnd) {
      switch (check.kind) {
        case 'http':
          return probeHttp(check, onEnd)
        case 'tcp':
          return probeTcp(check, onEnd)
      }
    },
  }
}
