// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import t from 'tap'
import type { Config, ProcessConfig } from '../../../src/config/schema.ts'
import { instanceFrom, planFrom } from '../../rig/plans.ts'

t.test('a control socket has an owner, and a group behind a colon', async (t) => {
  const controlOf = (control: Config['control']) =>
    planFrom({ ...(control !== undefined && { control }), processes: { web: { command: ['a'] } } })
      .control
  t.equal(controlOf(false), null)
  t.match(controlOf({ owner: 1000 }), { user: 1000, group: null })
  t.match(controlOf({ owner: 'app' }), { user: 'app', group: null })
  t.match(controlOf({ owner: 'app:www' }), { user: 'app', group: 'www' })
  t.match(controlOf({ access: { descendants: 'control' } }), {
    access: { others: 'read', descendants: 'control' },
  })
})

t.test('a memory limit is in bytes, however it is written', async (t) => {
  for (const [memory, bytes] of [
    [1.5e9, 1.5e9],
    ['1.5G', 1.5e9],
    ['1Ki', 1024],
  ] as const) {
    const web = { command: ['a'] as [string], resources: { limits: { memory } } }
    t.equal(planFrom({ processes: { web } }).processes[0]?.memoryLimitBytes, bytes)
  }
})

t.test('http: false is no endpoint', async (t) => {
  t.equal(planFrom({ http: false, processes: { web: { command: ['a'] } } }).http, null)
})

t.test('the format of the output is that of the process, else that of the top', async (t) => {
  const { processes } = planFrom({
    logs: { format: 'raw' },
    processes: { web: { command: ['a'] }, api: { command: ['a'], logs: { format: 'json' } } },
  })
  t.strictSame(
    processes.map(({ template }) => template.logs.format),
    ['raw', 'json'],
  )
})

t.test('the kinds of capabilities that nobody names are left alone', async (t) => {
  const capabilitiesOf = (capabilities: { add?: string[]; drop?: string[] }) =>
    instanceFrom({ securityContext: { capabilities } })?.security.capabilities
  t.equal(capabilitiesOf({}), null)
  t.equal(capabilitiesOf({ add: [], drop: [] }), null)
  t.strictSame(capabilitiesOf({ add: ['KILL'] }), { add: ['KILL'], drop: [] })
})

t.test(
  'a shutdown whose time is not written has the usual, or what written graces and the drain need',
  async (t) => {
    for (const [isKubernetes, drainSeconds, graces, graceMs] of [
      [false, undefined, [], 10_000],
      [true, undefined, [], 30_000],
      [false, undefined, [7.5, 8], 10_000],
      [false, undefined, [8.5, 1], 10_500],
      [false, 20, [], 22_000],
      [false, 20, [0, 9], 31_000],
      [true, 20, [8], 30_000],
      [true, 20, [9, 60], 82_000],
    ] as const) {
      const processes = Object.fromEntries(
        [undefined, ...graces].map((seconds, index): [string, ProcessConfig] => [
          `p${index}`,
          {
            command: ['a'],
            ...(seconds !== undefined && { terminationGracePeriodSeconds: seconds }),
          },
        ]),
      )
      const shutdown = drainSeconds === undefined ? {} : { drainSeconds }
      const plan = planFrom({ shutdown, processes }, { isKubernetes })
      t.strictSame(plan.shutdown, { drainMs: (drainSeconds ?? 0) * 1000, graceMs })
      const written = { ...shutdown, terminationGracePeriodSeconds: 5 }
      t.equal(planFrom({ shutdown: written, processes }, { isKubernetes }).shutdown.graceMs, 5000)
    }
  },
)
