// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import t from 'tap'
import { instanceFrom, planFrom } from '../../rig/plans.ts'
import { firstOf, instancesOf } from '../../rig/specs.ts'

t.test('a list of inherited variables comes on top of the least ones', async (t) => {
  const least = ['PATH', 'LANG', 'LC_*', 'TZ', 'TERM']
  t.strictSame(instanceFrom({ inheritEnv: ['AWS_*'] })?.inheritEnv, [...least, 'AWS_*'])
  t.equal(instanceFrom({ inheritEnv: true })?.inheritEnv, true)
})

t.test('each instance has its own values, put in once; dollars and references stay', async (t) => {
  const all = '${process.name} ${instance.name} ${instance.number} ${port.http}'
  const [web] = planFrom({
    processes: {
      web: {
        command: ['${process.name}', all],
        args: ['$${instance.name} $$$$ $HOME ${A} $(B) $$(C)'],
        env: { NAME: all, ['__proto__']: '$$' },
        workingDir: '/data/${instance.number}',
        ports: [{ containerPort: 1 }, { name: 'http', containerPort: '80${instance.number}0' }],
        replicas: 2,
      },
    },
  }).processes
  t.strictSame(
    instancesOf(web).map(({ command, workingDir }) => [...command, workingDir]),
    [
      ['web', 'web web.1 1 8010', '$${instance.name} $$$$ $HOME ${A} $(B) $$(C)', '/data/1'],
      ['web', 'web web.2 2 8020', '$${instance.name} $$$$ $HOME ${A} $(B) $$(C)', '/data/2'],
    ],
  )
  t.match(instancesOf(web)[1]?.env, { NAME: 'web web.2 2 8020' })
  t.ok(Object.hasOwn(instancesOf(web)[1]?.env ?? {}, '__proto__'))
})

t.test(
  'the environment is, weak to strong: of the file, of the siblings, of the process',
  async (t) => {
    const { processes } = planFrom(
      {
        processes: {
          'web-ui': {
            command: ['a'],
            replicas: 2,
            ports: [
              { name: 'http-alt', containerPort: '80${instance.number}' },
              { containerPort: 5, protocol: 'UDP' },
            ],
          },
          db: {
            command: ['a'],
            ports: [{ containerPort: 7 }],
            env: { DB_SERVICE_PORT: '8', A: 'b' },
          },
          none: { command: ['a'], ports: [] },
        },
      },
      { envFile: { A: 'a', DOLLARS: '$$ ${B} $(C)', DB_SERVICE_HOST: 'file' } },
    )
    const shared = {
      A: 'a',
      DOLLARS: '$$$$ $${B} $$(C)',
      DB_SERVICE_HOST: '127.0.0.1',
      WEB_UI_SERVICE_HOST: '127.0.0.1',
      WEB_UI_SERVICE_PORT: '801',
      WEB_UI_SERVICE_PORT_HTTP_ALT: '801',
      DB_SERVICE_PORT: '7',
    }
    t.same(
      processes.map(({ template }) => template.env),
      [shared, { ...shared, DB_SERVICE_PORT: '8', A: 'b' }, shared],
    )
  },
)

t.test(
  'a variable can refer to all others, whatever their order and wherever they are from',
  async (t) => {
    const env = { DB_SERVICE_PORT: '$(PORT)', URL: 'http://$(HOST)', HOST: 'b', PORT: '1' }
    const { processes } = planFrom(
      { processes: { db: { command: ['a'], ports: [{ containerPort: 7 }], env } } },
      { envFile: { HOST: 'a' } },
    )
    t.strictSame(Object.entries(firstOf(processes[0]).env ?? {}), [
      ['HOST', 'b'],
      ['DB_SERVICE_HOST', '127.0.0.1'],
      ['PORT', '1'],
      ['DB_SERVICE_PORT', '$(PORT)'],
      ['URL', 'http://$(HOST)'],
    ])
  },
)
