// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import t from 'tap'
import { planFrom } from '../../rig/plans.ts'
import { firstOf } from '../../rig/specs.ts'

t.test('hooks do what is written, with the variables of each instance', async (t) => {
  const [process] = planFrom({
    processes: {
      web: {
        command: ['a'],
        ports: [{ name: 'http', containerPort: '80${instance.number}' }],
        lifecycle: {
          postStart: { exec: { command: ['warm', '${instance.name}', '$(A)'] } },
          preStop: { httpGet: { port: 'http', path: '/quit' } },
        },
      },
    },
  }).processes
  t.same(process?.hooks, ['postStart', 'preStop'])
  t.match(firstOf(process).hooks, {
    postStart: { kind: 'exec', command: ['warm', 'web.1', '$(A)'] },
    preStop: { kind: 'http', host: null, port: 801, path: '/quit' },
  })
})

t.test('a hook that sleeps has its time in ms', async (t) => {
  const [process] = planFrom({
    processes: { db: { command: ['a'], lifecycle: { preStop: { sleep: { seconds: 0.5 } } } } },
  }).processes
  t.same(process?.hooks, ['preStop'])
  t.same(firstOf(process).hooks, { preStop: { kind: 'sleep', ms: 500 } })
})
