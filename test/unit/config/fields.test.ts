// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import t from 'tap'
import { parseConfig } from '../../../src/config/load.ts'
import { problemsIn } from '../../rig/problems.ts'

const env = {
  YES: 'true',
  NO: 'false',
  LIMIT: '4096',
  MASK: '027',
  DOLLARS: '$$ ${YES} $(YES)',
  TIGHT: '$$${YES}$(YES)',
}

const parse = (text: string) => parseConfig(text, '/srv/f.yaml', { env })
const problemsOf = (text: string) => problemsIn(parseConfig(text, 'f.yaml', { env }))
const web = (field: string) => `processes: {web: {command: a, ${field}}}`

/** The one process of a file with this field. */
async function fieldsOf(field: string) {
  return (await parse(web(field))).processes['web']
}

t.test('every field is read', async (t) => {
  const text = `
http: {host: 127.0.0.1, port: 0}
control: {socket: run/control, mode: 0600, owner: app}
shutdown: {drainSeconds: 5s, terminationGracePeriodSeconds: 60}
logs: {format: json, level: debug}
signals: {SIGHUP: ignore, USR1: SIGQUIT, SIGRTMIN+4: forward-always, CONT: forward}
dropSelf: false
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

t.test('replicas: auto is one for each CPU that is begun, or one', async (t) => {
  for (const [cpus, replicas] of [
    [2.5, 3],
    [undefined, 1],
  ] as const) {
    const machine = { cpus: () => cpus, memoryLimitBytes: () => undefined }
    const { processes } = await parseConfig(web('replicas: auto'), '/srv/f.yaml', { env, machine })
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

t.test("env may be Kubernetes' list, whose values keep their letters too", async (t) => {
  const list = '[{name: A, value: 1.10}, {name: __proto__, value: "${NO}"}, {name: EMPTY}]'
  const process = await fieldsOf(`env: ${list}`)
  t.strictSame(Object.entries(process?.env ?? {}), [
    ['A', '1.10'],
    ['__proto__', 'false'],
    ['EMPTY', ''],
  ])
  t.strictSame(await problemsOf(web('env: [{name: A, value: x}, {name: A}]')), [
    'f.yaml:1:65: processes.web.env[1].name: this name is in the list already; remove one of the two',
  ])
  t.strictSame(
    await problemsOf(`processes:
  web:
    command: a
    env:
      - {name: A, value: "\${NONE:?no}"}
      - {nam: B}
      - {name: C, valueFrom: {secretKeyRef: {name: a, key: b}}}
      - {name: A, value: [x]}
      - {name: D=E}
      - {value: x}
      - F=x
`),
    [
      'f.yaml:5:26: processes.web.env[0].value: ${NONE} has no value: no',
      'f.yaml:6:9: processes.web.env[1].name: missing; needed: the name of a variable, without "="',
      'f.yaml:6:10: processes.web.env[1].nam: unknown key; did you mean "name"?',
      'f.yaml:7:19: processes.web.env[2].valueFrom: not yet supported; remove it',
      'f.yaml:8:16: processes.web.env[3].name: this name is in the list already; remove one of the two',
      'f.yaml:8:26: processes.web.env[3].value: found a list; allowed: a string, a number or a boolean, without NUL characters',
      'f.yaml:9:16: processes.web.env[4].name: found "D=E"; allowed: the name of a variable, without "="',
      'f.yaml:10:9: processes.web.env[5].name: missing; needed: the name of a variable, without "="',
      'f.yaml:11:9: processes.web.env[6]: found "F=x"; allowed: a map with name, value',
    ],
  )
  t.strictSame(
    await problemsOf(web('env: [{name: A, value: x}, {name: B, value: "${NONE:?no}"}]')),
    ['f.yaml:1:75: processes.web.env.B: ${NONE} has no value: no'],
  )
})

t.test('each field refuses what it cannot be', async (t) => {
  for (const [field, message] of [
    [
      'inheritEnv: 3',
      'inheritEnv: found 3; allowed: true, false, or a list of names, in which * stands for any letters',
    ],
    ['ports: [8080]', 'ports[0]: found 8080; allowed: a map with name, containerPort, protocol'],
    [
      'ports: [{name: http}]',
      'ports[0].containerPort: missing; needed: a port from 1 to 65535, such as 8080 or 80${instance.number}',
    ],
    ['ports: [{containerPort: 0}]', /ports\[0\].containerPort: found 0; allowed: a port from 1/],
    [
      'ports: [{containerPort: "8${instance.name}"}]',
      /containerPort: \$\{instance.name\} can stand in/,
    ],
    [
      'ports: [{containerPort: "${port.a}"}]',
      /containerPort: \$\{port.a\} can stand in command, args, env, workingDir, probes, lifecycle and log files only/,
    ],
    [
      'ports: [{containerPort: "a${instance.number}"}]',
      /containerPort: found "a\$\{instance.number\}"; allowed: a port/,
    ],
    [
      'replicas: 3, ports: [{containerPort: "6553${instance.number}"}, {containerPort: "65533${instance.number}"}]',
      'ports[1].containerPort: instance 3 has 655333; allowed: ports from 1 to 65535',
    ],
    [
      'ports: [{name: HTTP, containerPort: 1}]',
      /ports\[0\].name: found "HTTP"; allowed: up to 15 small letters/,
    ],
    ['ports: [{name: "80", containerPort: 1}]', /ports\[0\].name: found "80"; allowed/],
    [
      'ports: [{name: a-very-long-name, containerPort: 1}]',
      /ports\[0\].name: found "a-very-long-name"; allowed/,
    ],
    [
      'ports: [{name: a, containerPort: 1}, {name: a, containerPort: 2}]',
      'ports[1].name: another port has the name "a"',
    ],
    [
      'successExitCodes: [256]',
      'successExitCodes[0]: found 256; allowed: a whole number from 0 to 255',
    ],
    [
      'restartLimit: 3',
      'restartLimit: found 3; allowed: a map with count and withinSeconds, or null',
    ],
    ['restartLimit: {count: -1}', /restartLimit.count: found -1; allowed: a whole number from 0/],
    ['essential: yes', 'essential: found "yes"; allowed: true or false'],
    [
      'stopSignal: TERM, lifecycle: {stopSignal: INT}',
      'lifecycle.stopSignal: found SIGINT, and stopSignal is SIGTERM; write one of them',
    ],
    ['killMode: mxied', 'killMode: found "mxied"; allowed: staged, mixed, process or group'],
    [
      'securityContext: {supplementalGroups: [staff]}',
      'securityContext.supplementalGroups[0]: found "staff"; allowed: a whole number from 0 to 4294967294',
    ],
    [
      'securityContext: {capabilities: {add: [CAP_CHOWN]}}',
      'securityContext.capabilities.add[0]: found "CAP_CHOWN"; allowed: a capability without CAP_, such as NET_BIND_SERVICE, or ALL',
    ],
    [
      'resources: {rlimits: {files: 3}}',
      /resources.rlimits.files: found the key "files"; allowed: as, core, .* nofile, /,
    ],
    [
      'resources: {rlimits: {nofile: -1}}',
      'resources.rlimits.nofile: found -1; allowed: a whole number from 0, or unlimited',
    ],
    ['resources: {nice: 20}', 'resources.nice: found 20; allowed: a whole number from -20 to 19'],
    [
      'resources: {oomScoreAdj: 1001}',
      /resources.oomScoreAdj: found 1001; allowed: a whole number from -1000 to 1000/,
    ],
    ['replicas: all', 'replicas: found "all"; allowed: a whole number from 0 to 1000, or auto'],
    [
      'resources: {ioClass: idle:3}',
      /resources.ioClass: found "idle:3"; allowed: idle, best-effort or realtime/,
    ],
    [
      'resources: {cpuAffinity: []}',
      'resources.cpuAffinity: found an empty list; allowed: a list with at least one number',
    ],
    ['resources: {cpuAffinity: "0-"}', /resources.cpuAffinity: found "0-"; allowed: a number/],
    [
      'resources: {cpuAffinity: "0,3-1"}',
      'resources.cpuAffinity: found "3-1"; allowed: a range upwards, to 8191 at most',
    ],
    ['resources: {cpuAffinity: "1,8192"}', /resources.cpuAffinity: found "8192"; allowed: a range/],
    [
      'resources: {limits: {cpu: lots}}',
      'resources.limits.cpu: found "lots"; allowed: a quantity, such as 0.5, 250m or 64Mi',
    ],
    ...['0', '0Mi', '64m', '-1', '1e3Mi'].map(
      (memory) =>
        [
          `resources: {limits: {memory: ${memory}}}`,
          /^resources.limits.memory: found .*; allowed: bytes above 0, such as 64Mi, 1G or 67108864$/,
        ] as const,
    ),
    [
      'logs: {stdout: stdout}',
      'logs.stdout: found "stdout"; allowed: capture, inherit, discard, or a map with file',
    ],
    ['logs: {stdout: {maxBytes: 1}}', 'logs.stdout.file: missing; needed: a path'],
    [
      'logs: {stderr: {file: a, maxFiles: -1}}',
      /logs.stderr.maxFiles: found -1; allowed: .*0 to 1000/,
    ],
    [
      'logs: {stderr: {file: a, maxbytes: 1}}',
      'logs.stderr.maxbytes: unknown key; did you mean "maxBytes"?',
    ],
    ['kubernetes: [a]', /kubernetes: found a list; allowed: a map/],
    [
      'args: ["${port.htp}"], ports: [{name: http, containerPort: 1}]',
      'args[0]: ${port.htp} has no value: the process has no port "htp"; did you mean "http"?',
    ],
    [
      'env: {A: "$${port.a}${port.b}"}, ports: [{name: http, containerPort: 1}]',
      'env.A: ${port.b} has no value: the process has no port "b"; it has http',
    ],
    [
      'readinessProbe: {}',
      'readinessProbe: does nothing; needed: httpGet, tcpSocket, exec, grpc, notify or logLine',
    ],
    [
      'livenessProbe: {notify: false}',
      'livenessProbe: does nothing; needed: httpGet, tcpSocket, exec, grpc, notify or logSilenceSeconds',
    ],
    [
      'livenessProbe: {notify: true, exec: {command: a}}',
      'livenessProbe.exec: found besides notify; write one of them',
    ],
    ['livenessProbe: {notify: "1"}', 'livenessProbe.notify: found "1"; allowed: true or false'],
    [
      'readinessProbe: {tcpSocket: {port: 1}, httpGet: {port: 1}}',
      'readinessProbe.httpGet: found besides tcpSocket; write one of them',
    ],
    [
      'readinessProbe: {tcpSocket: {port: htp}}, ports: [{name: http, containerPort: 1}]',
      'readinessProbe.tcpSocket.port: the process has no port "htp"; did you mean "http"?',
    ],
    [
      'livenessProbe: {httpGet: {port: web}}',
      'livenessProbe.httpGet.port: the process has no port "web"',
    ],
    [
      'replicas: 3, livenessProbe: {httpGet: {port: "6553${instance.number}0"}}',
      'livenessProbe.httpGet.port: instance 3 has 655330; allowed: ports from 1 to 65535',
    ],
    [
      'livenessProbe: {httpGet: {port: 65536}}',
      /livenessProbe.httpGet.port: found 65536; allowed: a port from 1 to 65535, .* or the name/,
    ],
    ['livenessProbe: {httpGet: {}}', /livenessProbe.httpGet.port: missing; needed: a port from 1/],
    [
      'livenessProbe: {httpGet: {port: 1, path: "a b"}}',
      'livenessProbe.httpGet.path: found "a b"; allowed: a path of ASCII letters, without spaces',
    ],
    [
      'livenessProbe: {httpGet: {port: 1, path: "/${port.x}"}}',
      'livenessProbe.httpGet.path: ${port.x} has no value: the process has no port "x"',
    ],
    [
      'livenessProbe: {httpGet: {port: 1, httpHeaders: [{name: "A:", value: a}]}}',
      'livenessProbe.httpGet.httpHeaders[0].name: found "A:"; allowed: the name of a header',
    ],
    [
      'livenessProbe: {httpGet: {port: 1, httpHeaders: [{name: A, value: "a\\r\\nB: b"}]}}',
      /httpHeaders\[0\].value: found .*; allowed: a string on one line/,
    ],
    ['lifecycle: {preStop: {}}', 'lifecycle.preStop: does nothing; needed: httpGet, exec or sleep'],
    [
      'lifecycle: {postStart: {exec: {command: a}, sleep: {seconds: 1}}}',
      'lifecycle.postStart.sleep: found besides exec; write one of them',
    ],
    [
      'lifecycle: {preStop: {sleep: {}}}',
      /lifecycle.preStop.sleep.seconds: missing; needed: seconds from 0/,
    ],
    [
      'lifecycle: {preStop: {httpGet: {port: web}}}',
      'lifecycle.preStop.httpGet.port: the process has no port "web"',
    ],
    [
      'lifecycle: {postStart: {exec: {command: "a ${port.b}"}}}',
      /lifecycle.postStart.exec.command.* \$\{port.b\} has no value/,
    ],
    [
      'lifecycle: {preStop: {exec: {command: a}, tcpSocket: {port: 1}}}',
      'lifecycle.preStop.tcpSocket: unknown key; known here: exec, httpGet, sleep',
    ],
    [
      'livenessProbe: {tcpSocket: {port: 1}, periodSeconds: 0}',
      /livenessProbe.periodSeconds: found 0; allowed: seconds above 0 up to/,
    ],
    [
      'livenessProbe: {tcpSocket: {port: 1}, timeoutSeconds: 0s}',
      /livenessProbe.timeoutSeconds: found 0; allowed: seconds above 0 up to/,
    ],
    [
      'livenessProbe: {tcpSocket: {port: 1}, successThreshold: 2}',
      'livenessProbe.successThreshold: found 2; allowed: 1',
    ],
    [
      'livenessProbe: {tcpSocket: {port: 1}, failureThreshold: 0}',
      /livenessProbe.failureThreshold: found 0; allowed: a whole number from 1/,
    ],
    [
      'readinessProbe: {tcpSocket: {port: 1}, terminationGracePeriodSeconds: 3}',
      /readinessProbe.terminationGracePeriodSeconds: unknown key; known here: /,
    ],
    [
      'readinessProbe: {logLine: "a(?=b)"}',
      /^readinessProbe.logLine: "a\(\?=b\)" is no regular expression of RE2: invalid or unsupported/,
    ],
    [
      'startupProbe: {logLine: "(.{20}){10}"}',
      /^startupProbe.logLine: .*: found a pattern of \d+ steps; allowed: 100/,
    ],
    ['readinessProbe: {logLine: ""}', /readinessProbe.logLine: found ""; allowed: a regular/],
    ['livenessProbe: {tcpSocket: {port: 1}, logLine: a}', /livenessProbe.logLine: unknown key; /],
    [
      'readinessProbe: {tcpSocket: {port: 1}, logSilenceSeconds: 5}',
      /readinessProbe.logSilenceSeconds: unknown key; /,
    ],
    ['livenessProbe: {logSilenceSeconds: 0}', /livenessProbe.logSilenceSeconds: found 0; allowed/],
    [
      'readinessProbe: {logLine: a}, logs: {stdout: inherit, stderr: discard}',
      'readinessProbe.logLine: Ringmaster reads none of the output: logs.stdout is inherit, logs.stderr is discard; capture one of them',
    ],
    [
      'livenessProbe: {logSilenceSeconds: 5}, logs: {stdout: discard, stderr: stdout}',
      /^livenessProbe.logSilenceSeconds: Ringmaster reads none of the output: /,
    ],
    ['workingDir: "${port.a}"', 'workingDir: ${port.a} has no value: the process has no port "a"'],
  ] as const) {
    const [line, ...others] = await problemsOf(web(field))
    t.strictSame(others, [], field)
    t.match(line, /^f\.yaml:1:\d+: processes\.web\./, field)
    const told = line?.replace(/^\S+ processes\.web\./, '') ?? ''
    if (typeof message === 'string') t.equal(told, message, field)
    else t.match(told, message, field)
  }
})

t.test('each field at the top refuses what it cannot be', async (t) => {
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
    ['dropSelf: 1', '1:11: dropSelf: found 1; allowed: true or false'],
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
  ...{ secretsDir: ['/run/secrets'], stateDir: [], plugins: [] },
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
