import { UsageSchema, type UsageStatus } from '../../wire/usage.ts'
import { NamesQuery, namesIn } from './names.ts'
import { type Operation, operation } from './operation.ts'
import type { ControlSource } from './operations.ts'
import { select } from './select.ts'

export function usageOperations({ view, usages }: ControlSource): readonly Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/v1/usage',
      summary: 'What instances use, looked up once a second at most.',
      query: NamesQuery,
      response: UsageSchema,
      async handle({ query }): Promise<UsageStatus> {
        // A name that nobody has is told before anything is looked up.
        select(view(), namesIn(query))
        const { atMonoMs, live, cpuSeconds } = await usages.now()
        const instances = select(view(), namesIn(query)).flatMap((one) => one.instances)
        return {
          atSeconds: atMonoMs / 1000,
          instances: instances.map(({ name }) => ({
            ...{ name, cpuSeconds: cpuSeconds.get(name) ?? 0 },
            residentBytes: live.get(name)?.residentBytes ?? null,
            openFds: live.get(name)?.openFds ?? null,
          })),
        }
      },
    }),
  ]
}
