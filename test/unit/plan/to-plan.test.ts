// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import t from 'tap'
import type { Config, ProcessConfig } from '../../../src/config/schema.ts'
import { instanceFrom, planFrom } from '../../rig/plans.ts'
import { instancesOf, usualLines } from '../../rig/specs.ts'

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

t.test('a silent config is filled in with the defaults, in ms', async (t) => {
  const { signals: _, ...plan } = planFrom({ processes: { web: { command: ['a'] } } })
  t.strictSame(plan, {
    http: { host: '::', port: 9099 },
    control: {
      ...{ socket: null, mode: 0o600, user: null, group: null },
      ...{ http: null, access: { others: 'read', descendants: null } },
    },
    logs: { level: 'info', ...usualLines },
    shutdown: { drainMs: 0, graceMs: 10_000 },
    dropsSelf: true,
    origin: { files: [], texts: [] },
    stateDir: null,
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
  const plan = planFrom({
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
    stateDir: '/state',
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
    stateDir: '/state',
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
