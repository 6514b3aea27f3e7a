// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import t from 'tap'
import type { Config, ProcessConfig } from '../../../src/config/schema.ts'
import { type Situation, toPlan } from '../../../src/plan/to-plan.ts'
import { firstOf, instancesOf, usualLines } from '../../rig/specs.ts'

const plain: Situation = { isKubernetes: false, envFile: {} }

const planOf = (config: Config, situation: Partial<Situation> = {}) =>
  toPlan(config, { ...plain, ...situation })

/** The first instance of a process with these fields. */
const instanceOf = (fields: Partial<ProcessConfig>) =>
  firstOf(planOf({ processes: { web: { command: ['a'], ...fields } } }).processes[0])

t.test('a control socket has an owner, and a group behind a colon', async (t) => {
  const controlOf = (control: Config['control']) =>
    planOf({ ...(control !== undefined && { control }), processes: { web: { command: ['a'] } } })
      .control
  t.equal(controlOf(false), null)
  t.match(controlOf({ owner: 1000 }), { user: 1000, group: null })
  t.match(controlOf({ owner: 'app' }), { user: 'app', group: null })
  t.match(controlOf({ owner: 'app:www' }), { user: 'app', group: 'www' })
  t.match(controlOf({ access: { descendants: 'control' } }), {
    access: { others: 'read', descendants: 'control' },
  })
})

t.test('a silent config is filled in with the defaults, in ms', async (t) => {
  const { signals: _, ...plan } = planOf({ processes: { web: { command: ['a'] } } })
  t.strictSame(plan, {
    http: { host: '::', port: 9099 },
    control: {
      ...{ socket: null, mode: 0o600, user: null, group: null },
      ...{ http: null, access: { others: 'read', descendants: null } },
    },
    logs: { level: 'info', ...usualLines },
    shutdown: { drainMs: 0, graceMs: 10_000 },
    dropsSelf: true,
    sockets: [],
    groups: [],
    processes: [
      {
        name: 'web',
        autoStart: true,
        startDelayMs: 0,
        isOnDemand: false,
        sockets: [],
        dependsOn: [],
        restartPolicy: 'Always',
        successExitCodes: [0],
        backoff: { initialMs: 100, factor: 2, maxMs: 30_000, jitter: 0.1, resetAfterMs: 10_000 },
        restartLimit: { count: 20, withinMs: 600_000 },
        isFirstStartFinal: false,
        isEssential: true,
        isShutdownOnExit: false,
        stopSignal: 15,
        reloadSignal: null,
        graceMs: 10_000,
        killMode: 'staged',
        maxAgeMs: null,
        maxAgeJitterMs: 0,
        memoryLimitBytes: null,
        probes: {},
        hooks: [],
        replicas: 1,
        mostReplicas: 1000,
        strategy: { type: 'RollingUpdate', maxSurge: 0, maxUnavailable: 1 },
        minReadyMs: 0,
        progressDeadlineMs: 60_000,
        template: {
          process: 'web',
          command: ['a'],
          inheritEnv: true,
          env: {},
          services: [],
          ports: [],
          workingDir: null,
          sockets: [],
          stdin: 'null',
          logs: { format: 'prefix', stdout: 'capture', stderr: 'capture' },
          notify: null,
          checks: {},
          hooks: {},
          security: {
            user: null,
            group: null,
            supplementalGroups: [],
            isNonRoot: false,
            allowsPrivilegeEscalation: false,
            capabilities: null,
          },
          resources: {
            ...{ rlimits: {}, nice: null, umask: null, oomScoreAdj: null },
            ...{ ioClass: null, cpuAffinity: null },
          },
        },
      },
    ],
  })
})

t.test('what is written wins over the defaults, field by field', async (t) => {
  const plan = planOf({
    http: { port: 0 },
    shutdown: { drainSeconds: 2.5, terminationGracePeriodSeconds: 1 },
    logs: {
      format: 'raw',
      level: 'warn',
      timestamps: true,
      stripAnsi: true,
      maxLineBytes: 2048,
      onOverflow: 'drop',
    },
    dropSelf: false,
    processes: {
      web: {
        command: ['a', 'b'],
        args: ['c'],
        replicas: 0,
        autoStart: false,
        startDelaySeconds: 1.5,
        restartPolicy: 'Never',
        successExitCodes: [],
        backoff: { maxSeconds: 1.5 },
        restartLimit: { count: 3 },
        essential: false,
        shutdownOnExit: true,
        stopSignal: 2,
        reloadSignal: 1,
        terminationGracePeriodSeconds: 0.25,
        killMode: 'group',
        maxAgeSeconds: 3600,
        maxAgeJitterSeconds: 0.5,
        resources: { limits: { memory: '64Mi' } },
      },
      api: {
        command: ['a', 'b'],
        args: ['c'],
        restartLimit: null,
        lifecycle: { stopSignal: 3 },
        inheritEnv: false,
        securityContext: {
          runAsUser: 0,
          runAsGroup: 'staff',
          supplementalGroups: [1],
          runAsNonRoot: true,
          allowPrivilegeEscalation: true,
          capabilities: { drop: ['ALL'] },
        },
        resources: {
          rlimits: { nofile: 5, core: 'unlimited' },
          nice: -1,
          umask: 0o27,
          ioClass: 'idle',
          cpuAffinity: [0, 2],
          oomScoreAdj: 0,
        },
        logs: { stderr: 'stdout', format: 'json' },
      },
    },
  })
  t.match(plan, {
    http: { host: '::', port: 0 },
    logs: {
      ...{ level: 'warn', hasTimestamps: true, stripsAnsi: true },
      ...{ maxLineBytes: 2048, onOverflow: 'drop' },
    },
    shutdown: { drainMs: 2500, graceMs: 1000 },
    dropsSelf: false,
    sockets: [],
  })
  const [web, api] = plan.processes
  const { template: _, ...fields } = web ?? {}
  t.strictSame(fields, {
    name: 'web',
    autoStart: false,
    startDelayMs: 1500,
    isOnDemand: false,
    sockets: [],
    dependsOn: [],
    restartPolicy: 'Never',
    successExitCodes: [],
    backoff: { initialMs: 100, factor: 2, maxMs: 1500, jitter: 0.1, resetAfterMs: 10_000 },
    restartLimit: { count: 3, withinMs: 600_000 },
    isFirstStartFinal: false,
    isEssential: false,
    isShutdownOnExit: true,
    stopSignal: 2,
    reloadSignal: 1,
    graceMs: 250,
    killMode: 'group',
    maxAgeMs: 3_600_000,
    maxAgeJitterMs: 500,
    memoryLimitBytes: 67_108_864,
    probes: {},
    hooks: [],
    replicas: 0,
    mostReplicas: 1000,
    strategy: { type: 'RollingUpdate', maxSurge: 0, maxUnavailable: 1 },
    minReadyMs: 0,
    progressDeadlineMs: 60_000,
  })
  t.equal(api?.restartLimit, null)
  t.equal(api?.stopSignal, 3)
  t.strictSame(instancesOf(api), [
    {
      name: 'api.1',
      process: 'api',
      number: 1,
      command: ['a', 'b', 'c'],
      inheritEnv: ['PATH', 'LANG', 'LC_*', 'TZ', 'TERM'],
      env: {},
      workingDir: null,
      sockets: [],
      stdin: 'null',
      logs: { format: 'json', stdout: 'capture', stderr: 'stdout' },
      notify: null,
      checks: {},
      hooks: {},
      security: {
        user: 0,
        group: 'staff',
        supplementalGroups: [1],
        isNonRoot: true,
        allowsPrivilegeEscalation: true,
        capabilities: { add: [], drop: ['ALL'] },
      },
      resources: {
        rlimits: { nofile: 5, core: 'unlimited' },
        nice: -1,
        umask: 0o27,
        ioClass: 'idle',
        cpuAffinity: '0,2',
        oomScoreAdj: 0,
      },
    },
  ])
})

t.test('a memory limit is in bytes, however it is written', async (t) => {
  for (const [memory, bytes] of [
    [1.5e9, 1.5e9],
    ['1.5G', 1.5e9],
    ['1Ki', 1024],
  ] as const) {
    const web = { command: ['a'] as [string], resources: { limits: { memory } } }
    t.equal(planOf({ processes: { web } }).processes[0]?.memoryLimitBytes, bytes)
  }
})

t.test('http: false is no endpoint', async (t) => {
  t.equal(planOf({ http: false, processes: { web: { command: ['a'] } } }).http, null)
})

t.test('the format of the output is that of the process, else that of the top', async (t) => {
  const { processes } = planOf({
    logs: { format: 'raw' },
    processes: { web: { command: ['a'] }, api: { command: ['a'], logs: { format: 'json' } } },
  })
  t.strictSame(
    processes.map(({ template }) => template.logs.format),
    ['raw', 'json'],
  )
})

t.test('a list of inherited variables comes on top of the least ones', async (t) => {
  const least = ['PATH', 'LANG', 'LC_*', 'TZ', 'TERM']
  t.strictSame(instanceOf({ inheritEnv: ['AWS_*'] })?.inheritEnv, [...least, 'AWS_*'])
  t.equal(instanceOf({ inheritEnv: true })?.inheritEnv, true)
})

t.test('the kinds of capabilities that nobody names are left alone', async (t) => {
  const capabilitiesOf = (capabilities: { add?: string[]; drop?: string[] }) =>
    instanceOf({ securityContext: { capabilities } })?.security.capabilities
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
      const plan = planOf({ shutdown, processes }, { isKubernetes })
      t.strictSame(plan.shutdown, { drainMs: (drainSeconds ?? 0) * 1000, graceMs })
      const written = { ...shutdown, terminationGracePeriodSeconds: 5 }
      t.equal(planOf({ shutdown: written, processes }, { isKubernetes }).shutdown.graceMs, 5000)
    }
  },
)

t.test('each instance has its own values, put in once; dollars and references stay', async (t) => {
  const all = '${process.name} ${instance.name} ${instance.number} ${port.http}'
  const [web] = planOf({
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
    const { processes } = planOf(
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
    const { processes } = planOf(
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

t.test('a silent probe is filled in with the defaults, in ms', async (t) => {
  const tcpSocket = { port: 1 }
  const probe = {
    ...{ by: 'tries', initialDelayMs: 0, periodMs: 10_000, timeoutMs: 1000 },
    ...{ successThreshold: 1, failureThreshold: 3, graceMs: null },
  }
  const [process] = planOf({
    processes: {
      web: {
        command: ['a'],
        startupProbe: { tcpSocket, periodSeconds: 0.0001, terminationGracePeriodSeconds: 0 },
        readinessProbe: { tcpSocket },
        livenessProbe: { httpGet: { port: 80 }, timeoutSeconds: 0.5, initialDelaySeconds: 3 },
      },
    },
  }).processes
  t.strictSame(process?.probes, {
    startup: { ...probe, periodMs: 1, graceMs: 0 },
    readiness: probe,
    liveness: { ...probe, timeoutMs: 500, initialDelayMs: 3000 },
  })
  t.strictSame(firstOf(process).checks, {
    startup: { kind: 'tcp', host: null, port: 1 },
    readiness: { kind: 'tcp', host: null, port: 1 },
    liveness: {
      ...{ kind: 'http', host: null, port: 80, path: '/', scheme: 'HTTP', headers: [] },
    },
  })
})

t.test(
  'a try for a line waits for a period, and silence is looked for when it may be there',
  async (t) => {
    const [process] = planOf({
      processes: {
        web: {
          command: ['a'],
          startupProbe: { logLine: 'up', periodSeconds: 3, failureThreshold: 5 },
          readinessProbe: { logLine: 'ready', successThreshold: 4, timeoutSeconds: 7 },
          livenessProbe: { logSilenceSeconds: 60, failureThreshold: 4 },
        },
      },
    }).processes
    t.match(process?.probes, {
      startup: { by: 'logLine', periodMs: 3000, timeoutMs: 3000, failureThreshold: 5 },
      readiness: { by: 'logLine', periodMs: 10_000, timeoutMs: 10_000, successThreshold: 1 },
      liveness: { by: 'tries', periodMs: 60_000, failureThreshold: 1 },
    })
    t.strictSame(firstOf(process).checks, {
      startup: { kind: 'logLine', pattern: 'up' },
      readiness: { kind: 'logLine', pattern: 'ready' },
      liveness: { kind: 'logSilence', ms: 60_000 },
    })
  },
)

t.test(
  'each instance is probed at its own port, and has its own variables in the check',
  async (t) => {
    const [process] = planOf({
      processes: {
        web: {
          command: ['a'],
          replicas: 2,
          ports: [{ name: 'http', containerPort: '80${instance.number}' }],
          readinessProbe: { tcpSocket: { port: 'http', host: '${instance.name}.example' } },
          livenessProbe: {
            httpGet: {
              ...{ port: '90${instance.number}', path: 'a?$$=${port.http}', scheme: 'HTTPS' },
              httpHeaders: [{ name: 'Host', value: '${process.name}$$' }],
            },
          },
        },
      },
    }).processes
    t.strictSame(instancesOf(process)[1]?.checks, {
      readiness: { kind: 'tcp', host: 'web.2.example', port: 802 },
      liveness: {
        ...{ kind: 'http', host: null, port: 902, path: '/a?$=802', scheme: 'HTTPS' },
        headers: [{ name: 'Host', value: 'web$' }],
      },
    })
  },
)

t.test('a process whose probe is by notify can speak, and is not tried by it', async (t) => {
  const notify = true
  const [web, api] = planOf({
    processes: {
      web: {
        command: ['a'],
        readinessProbe: { notify: false, tcpSocket: { port: 1 } },
        livenessProbe: { notify, periodSeconds: 2, failureThreshold: 4 },
      },
      api: { command: ['a'], startupProbe: { notify } },
    },
  }).processes
  t.match(web?.probes, { readiness: { by: 'tries' }, liveness: { by: 'notify' } })
  t.same(Object.keys(firstOf(web).checks ?? {}), ['readiness'])
  t.same(firstOf(web).notify, { watchdogMs: 8000 })
  t.same(firstOf(api).notify, { watchdogMs: null })
  t.same(firstOf(api).checks, {})
})

t.test('hooks do what is written, with the variables of each instance', async (t) => {
  const [process] = planOf({
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
  const [process] = planOf({
    processes: { db: { command: ['a'], lifecycle: { preStop: { sleep: { seconds: 0.5 } } } } },
  }).processes
  t.same(process?.hooks, ['preStop'])
  t.same(firstOf(process).hooks, { preStop: { kind: 'sleep', ms: 500 } })
})

t.test('a command of a probe stays of templates, and a gRPC service has its name', async (t) => {
  const [web, api] = planOf({
    processes: {
      web: {
        command: ['a'],
        startupProbe: { exec: { command: ['b', '$(HOME)', '$$ ${instance.name}'] } },
        readinessProbe: { grpc: { port: 1, service: '${process.name}.v1' } },
      },
      api: { command: ['a'], readinessProbe: { grpc: { port: 1, host: 'db' } } },
    },
  }).processes
  t.strictSame(firstOf(web).checks, {
    startup: { kind: 'exec', command: ['b', '$(HOME)', '$$ web.1'] },
    readiness: { kind: 'grpc', host: null, port: 1, service: 'web.v1' },
  })
  t.strictSame(firstOf(api).checks, {
    readiness: { kind: 'grpc', host: 'db', port: 1, service: '' },
  })
})
