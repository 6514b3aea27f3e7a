// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import t from 'tap'
import { fieldsOf, parse, problemsOf, web } from '../../rig/fields.ts'

t.test('every field is read', async (t) => {
  const text = `
http: {host: 127.0.0.1, port: 0}
control: {socket: run/control, mode: 0600, owner: app}
shutdown: {drainSeconds: 5s, terminationGracePeriodSeconds: 60}
logs: {format: json, level: debug}
signals: {SIGHUP: ignore, USR1: SIGQUIT, SIGRTMIN+4: forward-always, CONT: forward}
dropSelf: false
stateDir: state
processes:
  web:
    command: [node]
    args: [--port, '\${port.http}', '$(NAME)', '\${DOLLARS}']
    workingDir: data
    env: {NAME: web}
    inheritEnv: [AWS_*, HOME]
    replicas: 2
    ports: [{name: http, containerPort: '80\${instance.number}'}, {containerPort: "\${LIMIT}", protocol: UDP}]
    restartPolicy: OnFailure
    successExitCodes: [0, 3]
    backoff: {maxSeconds: 1}
    restartLimit: {count: 3, withinSeconds: 60s}
    essential: "\${NO}"
    shutdownOnExit: true
    lifecycle: {stopSignal: SIGINT}
    killMode: mixed
    terminationGracePeriodSeconds: 3
    autoStart: false
    startDelaySeconds: 1.5
    maxAgeSeconds: 3600s
    maxAgeJitterSeconds: 60
    startupProbe: {tcpSocket: {port: http, host: db}, failureThreshold: 30, terminationGracePeriodSeconds: 2}
    readinessProbe:
      httpGet: {path: "/a?b=\${TIGHT}", port: '80\${instance.number}', scheme: HTTPS, httpHeaders: [{name: X, value: 1.10}]}
      successThreshold: 2
    livenessProbe: {httpGet: {port: "\${LIMIT}"}, initialDelaySeconds: 5, periodSeconds: 0.5s, timeoutSeconds: 0.25, successThreshold: 1}
    securityContext:
      runAsUser: 1000
      runAsGroup: app
      supplementalGroups: [10, "\${LIMIT}"]
      runAsNonRoot: true
      allowPrivilegeEscalation: true
      capabilities: {add: [NET_BIND_SERVICE], drop: [ALL]}
      seccompProfile: {type: RuntimeDefault}
      readOnlyRootFilesystem: true
      privileged: false
    resources:
      limits: {cpu: 500m, memory: "\${LIMIT}"}
      requests: {cpu: 0.5, memory: 64Mi}
      rlimits: {nofile: "\${LIMIT}", core: unlimited}
      nice: -5
      umask: 027
      oomScoreAdj: 500
      ioClass: best-effort:7
      cpuAffinity: 0-1,3
    logs: {stdout: inherit, stderr: stdout, format: raw}
    kubernetes: {image: "app:\${LIMIT}", volumes: [{a: {name: "a\${LIMIT}", value: null}}]}
`
  t.strictSame(await parse(text), {
    http: { host: '127.0.0.1', port: 0 },
    control: { socket: '/srv/run/control', mode: 0o600, owner: 'app' },
    shutdown: { drainSeconds: 5, terminationGracePeriodSeconds: 60 },
    logs: { format: 'json', level: 'debug' },
    signals: {
      SIGHUP: 'ignore',
      USR1: 'SIGQUIT',
      'SIGRTMIN+4': 'forward-always',
      CONT: 'forward',
    },
    dropSelf: false,
    stateDir: '/srv/state',
    processes: {
      web: {
        command: ['node'],
        args: ['--port', '${port.http}', '$(NAME)', '$$$$ $${YES} $$(YES)'],
        workingDir: '/srv/data',
        env: { NAME: 'web' },
        inheritEnv: ['AWS_*', 'HOME'],
        replicas: 2,
        ports: [
          { name: 'http', containerPort: '80${instance.number}' },
          { containerPort: 4096, protocol: 'UDP' },
        ],
        restartPolicy: 'OnFailure',
        successExitCodes: [0, 3],
        backoff: { maxSeconds: 1 },
        restartLimit: { count: 3, withinSeconds: 60 },
        essential: false,
        shutdownOnExit: true,
        lifecycle: { stopSignal: 2 },
        killMode: 'mixed',
        terminationGracePeriodSeconds: 3,
        autoStart: false,
        startDelaySeconds: 1.5,
        maxAgeSeconds: 3600,
        maxAgeJitterSeconds: 60,
        startupProbe: {
          tcpSocket: { port: 'http', host: 'db' },
          failureThreshold: 30,
          terminationGracePeriodSeconds: 2,
        },
        readinessProbe: {
          httpGet: {
            path: '/a?b=$$$$$${YES}$$(YES)',
            port: '80${instance.number}',
            scheme: 'HTTPS',
            httpHeaders: [{ name: 'X', value: '1.10' }],
          },
          successThreshold: 2,
        },
        livenessProbe: {
          httpGet: { port: 4096 },
          initialDelaySeconds: 5,
          periodSeconds: 0.5,
          timeoutSeconds: 0.25,
          successThreshold: 1,
        },
        securityContext: {
          runAsUser: 1000,
          runAsGroup: 'app',
          supplementalGroups: [10, 4096],
          runAsNonRoot: true,
          allowPrivilegeEscalation: true,
          capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] },
          seccompProfile: { type: 'RuntimeDefault' },
          readOnlyRootFilesystem: true,
          privileged: false,
        },
        resources: {
          limits: { cpu: '500m', memory: 4096 },
          requests: { cpu: 0.5, memory: '64Mi' },
          rlimits: { nofile: 4096, core: 'unlimited' },
          nice: -5,
          umask: 0o27,
          oomScoreAdj: 500,
          ioClass: 'best-effort:7',
          cpuAffinity: '0-1,3',
        },
        logs: { stdout: 'inherit', stderr: 'stdout', format: 'raw' },
        kubernetes: { image: 'app:4096', volumes: [{ a: { name: 'a4096', value: null } }] },
      },
    },
  })
})

t.test('an alias stands for the letters at its anchor, as a merge does', async (t) => {
  const { processes } = await parse(`
x-version: &version 1.10
x-mask: &mask 0o27
x-more: &more {B: 2.50, C: *version}
processes:
  map: {command: a, env: {A: *version, <<: *more}, resources: {umask: *mask}}
  list: {command: a, env: [{name: A, value: *version}]}`)
  t.strictSame(processes['map']?.env, { A: '1.10', B: '2.50', C: '1.10' })
  t.strictSame(processes['list']?.env, { A: '1.10' })
  t.equal(processes['map']?.resources?.umask, 0o27)
})

t.test('replicas: auto is one for each CPU that is begun, or one', async (t) => {
  for (const [cpus, replicas] of [
    [2.5, 3],
    [undefined, 1],
  ] as const) {
    const machine = { cpus: () => cpus, memoryLimitBytes: () => undefined }
    const { processes } = await parse(web('replicas: auto'), { machine })
    t.equal(processes['web']?.replicas, replicas)
  }
})

t.test('a umask is octal, quoted or not', async (t) => {
  for (const [written, mask] of [
    ['027', 0o27],
    ['"027"', 0o27],
    ['22', 0o22],
    ['0o77', 0o77],
    ['0', 0],
    ['0777', 0o777],
    ['"${MASK}"', 0o27],
  ] as const) {
    const process = await fieldsOf(`resources: {umask: ${written}}`)
    t.equal(process?.resources?.umask, mask, written)
  }
  for (const written of ['8', '0x1b', '01777', '-1', '1.5', 'u=rwx', 'true']) {
    const lines = await problemsOf(web(`resources: {umask: ${written}}`))
    t.strictSame(lines, [
      `f.yaml:1:50: processes.web.resources.umask: found ${written === 'true' ? written : `"${written}"`}; allowed: octal digits from 0 to 777, such as 027`,
    ])
  }
})

t.test('a field at the top refuses what it cannot be', async (t) => {
  const allowed =
    'shutdown, reload, reopen-logs, forward, forward-always, ignore, or another signal such as SIGQUIT'
  for (const [field, line] of [
    [
      'signals: {SIGKILL: ignore}',
      /1:11: signals.SIGKILL: found the key "SIGKILL"; allowed: signals such as SIGHUP .* cannot be configured$/,
    ],
    ['signals: {STOP: ignore}', /signals.STOP: found the key "STOP"/],
    ['signals: {SIGCHLD: ignore}', /signals.SIGCHLD: found the key "SIGCHLD"/],
    ['signals: {SIGSEGV: ignore}', /signals.SIGSEGV: found the key "SIGSEGV"/],
    ['signals: {RTMIN+31: ignore}', /signals."RTMIN\+31": found the key "RTMIN\+31"/],
    ['signals: {HUP: reload, SIGHUP: ignore}', '1:24: signals.SIGHUP: the same signal as HUP'],
    ['signals: {HUP: stop}', `1:16: signals.HUP: found "stop"; allowed: ${allowed}`],
    ['signals: {HUP: SIGKILL}', `1:16: signals.HUP: found "SIGKILL"; allowed: ${allowed}`],
    ['signals: {HUP: SIGTSTP}', `1:16: signals.HUP: found "SIGTSTP"; allowed: ${allowed}`],
    [
      'signals: {HUP: restart}',
      `1:16: signals.HUP: "restart" is not yet supported; allowed: ${allowed}`,
    ],
    [
      'logs: {level: trace}',
      '1:15: logs.level: found "trace"; allowed: debug, info, warn or error',
    ],
    [
      'logs: {maxLineBytes: 1023}',
      /1:22: logs.maxLineBytes: found 1023; allowed: .*1024 to 1048576/,
    ],
    ['logs: {onOverflow: wait}', '1:20: logs.onOverflow: found "wait"; allowed: block or drop'],
    ['logs: {timestamps: 1}', '1:20: logs.timestamps: found 1; allowed: true or false'],
    ['logs: {stripAnsi: 1}', '1:19: logs.stripAnsi: found 1; allowed: true or false'],
    ['shutdown: {drainSeconds: -1}', /1:26: shutdown.drainSeconds: found -1; allowed: seconds/],
    ['stateDir: 1', '1:11: stateDir: found 1; allowed: a path, or null'],
    ['dropSelf: 1', '1:11: dropSelf: found 1; allowed: true or false'],
    ['http: {host: ""}', '1:14: http.host: found ""; allowed: an address or a name'],
    ['http:', '1:1: http: found nothing; allowed: a map with host and port, or false'],
    [
      'control: true',
      '1:10: control: found true; allowed: a map with socket, mode, owner, access and http, or false',
    ],
    ['control: {http: {port: 1}}', /1:11: control.http.tokenFile: missing; needed: a path/],
    ['defaults: {comand: a}', '1:12: defaults.comand: unknown key; did you mean "command"?'],
    ['defaults: [a]', '1:11: defaults: found a list; allowed: a map with fields of a process'],
    ['include: a.yaml', '1:10: include: found "a.yaml"; allowed: a list of paths'],
    ['include: [3]', '1:11: include[0]: found 3; allowed: a path'],
  ] as const) {
    const [first = ''] = await problemsOf(`${field}\nprocesses: {web: {command: a}}`)
    if (typeof line === 'string') t.equal(first, `f.yaml:${line}`, field)
    else t.match(first, line, field)
  }
})

/** What is known and has no effect yet, and what it may say besides nothing. */
const notYetOfProcess = {
  ...{ schedule: [], timeZone: [], concurrencyPolicy: ['Allow'] },
  ...{ startingDeadlineSeconds: [], suspend: ['"${NO}"'] },
  ...{ priority: ['0'], stdin: [], tty: [], watch: [], hooks: [] },
}
const notYetAtTop = {
  ...{ secretsDir: ['/run/secrets'], plugins: [] },
}
const something = ['{x: {y: z}}', '[x]', '3', 'text', 'true', '{__proto__: 1}']
const nothing = ['false', 'null', '[]', '{}']

t.test('what has no effect yet is refused by name, unless it asks for nothing', async (t) => {
  for (const [field, standards] of Object.entries(notYetOfProcess)) {
    for (const value of [...nothing, ...standards]) {
      t.strictSame(await problemsOf(web(`${field}: ${value}`)), [], `${field}: ${value}`)
    }
    for (const value of something) {
      t.strictSame(
        await problemsOf(web(`${field}: ${value}`)),
        [`f.yaml:1:31: processes.web.${field}: not yet supported; remove it`],
        `${field}: ${value}`,
      )
    }
  }
  for (const [field, standards] of Object.entries(notYetAtTop)) {
    for (const value of [...nothing, ...standards]) {
      t.strictSame(await problemsOf(`${field}: ${value}\n${web('args: []')}`), [], field)
    }
    for (const value of something) {
      t.strictSame(await problemsOf(`${field}: ${value}\n${web('args: []')}`), [
        `f.yaml:1:1: ${field}: not yet supported; remove it`,
      ])
    }
  }
})

t.test('so are parts and values of what is supported', async (t) => {
  for (const [field, message] of [
    ['envFrom: [{secretRef: {name: a}}]', 'envFrom[0].secretRef: not yet supported; remove it'],
    [
      'envFrom: [{configMapRef: {name: a}}]',
      'envFrom[0].configMapRef: not yet supported; remove it',
    ],
  ] as const) {
    const lines = await problemsOf(web(field))
    t.equal(lines.length, 1, field)
    t.equal(lines[0]?.replace(/^f\.yaml:1:\d+: processes\.web\./, ''), message, field)
  }
})
