import type { View } from '../core/view.ts'

/** How often the instance was restarted. */
export function restartsOf({ processes }: View, instance: string): number {
  const all = processes.flatMap(({ instances }) => instances)
  return all.find(({ name }) => name === instance)?.restarts ?? 0
}
