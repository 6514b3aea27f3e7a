import { type ConfigStatus, ConfigStatusSchema } from '../../wire/config.ts'
import { RequestProblem } from '../../wire/problems.ts'
import { type Applied, AppliedSchema, ApplySchema } from '../../wire/rollouts.ts'
import { type Operation, operation } from './operation.ts'
import type { ControlSource } from './operations.ts'

export function configOperations({
  view,
  post,
  readConfig,
  showConfig,
  preview,
  whyNotApply,
}: ControlSource): readonly Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/v1/config',
      summary: 'The configuration in force, without secrets.',
      response: ConfigStatusSchema,
      handle(): ConfigStatus {
        const { origin, atWallMs, by } = view().config
        const { files } = origin
        const at = new Date(atWallMs).toISOString()
        return { files: [...files], at, by, config: showConfig(origin) }
      },
    }),
    operation({
      method: 'POST',
      path: '/v1/config/apply',
      summary: 'Has what runs be as a configuration has it: only what differs changes.',
      body: ApplySchema,
      response: AppliedSchema,
      handle: ({ body, by }) =>
        readConfig(body.files ?? null, (reading): Applied => {
          if (reading.problem !== null) throw new RequestProblem('CONFIG_INVALID', reading.problem)
          const obstacle = whyNotApply(reading.plan)
          if (obstacle !== null) throw new RequestProblem('NOT_POSSIBLE_NOW', obstacle)
          const { processes, settings, fixed } = preview(reading.plan)
          if (!body.dryRun) post({ type: 'apply', plan: reading.plan, by })
          return {
            processes: processes.map((one) => ({ ...one, fields: [...one.fields] })),
            ...{ settings: [...settings], fixed: [...fixed] },
          }
        }),
    }),
  ]
}
