import type { ProcessConfig } from '../config/schema.ts'
import { fillInstanceVariables } from '../config/variables.ts'

export interface Port {
  readonly name: string | null
  readonly port: number
}

/** The ports that one instance listens on. Pure. */
export function portsOf({ ports = [] }: ProcessConfig, instance: number): readonly Port[] {
  return ports.map(({ name = null, containerPort }) => ({
    name,
    port: Number(fillInstanceVariables(String(containerPort), () => String(instance))),
  }))
}
