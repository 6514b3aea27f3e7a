// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import t from 'tap'
import { refuses } from '../../rig/fields.ts'

t.test('a field refuses what it cannot be', async (t) => {
  await refuses(t, [
    ['replicas: -1', 'replicas: found -1; allowed: a whole number from 0 to 1000, or auto'],
    ['replicas: 1001', 'replicas: found 1001; allowed: a whole number from 0 to 1000, or auto'],
    ['replicas: 1.5', 'replicas: found 1.5; allowed: a whole number from 0 to 1000, or auto'],
    [
      'replicas: "${WORD}"',
      'replicas: found "many"; allowed: a whole number from 0 to 1000, or auto',
    ],
    ['replicas: null', 'replicas: found nothing; allowed: a whole number from 0 to 1000, or auto'],
    ['replicas: "${instance.number}"', /replicas: \$\{instance.number\} can stand in command, /],
    ['restartPolicy: always', 'restartPolicy: found "always"; allowed: Always, OnFailure or Never'],
    [
      'stopSignal: SIGFOO',
      'stopSignal: found "SIGFOO"; allowed: a signal, such as SIGTERM, RTMIN+3 or 15',
    ],
    ['stopSignal: 32', /stopSignal: found "32"; allowed: a signal/],
    ['stopSignal: 0', /stopSignal: found "0"; allowed: a signal/],
    ['backoff: {factor: 0.5}', 'backoff.factor: found 0.5; allowed: a number from 1 to 1000'],
    ['backoff: {jitter: .nan}', 'backoff.jitter: found NaN; allowed: a number from 0 to 1'],
    ['backoff: {maxSeconds: -1s}', /backoff.maxSeconds: found "-1s"; allowed: seconds from 0/],
    ['backoff: 3', /backoff: found 3; allowed: a map with initialSeconds, factor, /],
    ['terminationGracePeriodSeconds: 3e9', /Seconds: found 3000000000; allowed: seconds from 0/],
    [
      'securityContext: {runAsUser: -1}',
      /runAsUser: found -1; allowed: a name, or a number from 0/,
    ],
    ['securityContext: {runAsUser: 4294967295}', /runAsUser: found 4294967295; allowed/],
    ['securityContext: {runAsUser: "1:2"}', /runAsUser: found "1:2"; allowed/],
    ['securityContext: {runAsRoot: true}', /runAsRoot: unknown key; did you mean "runAsGroup"/],
    ['securityContext: {procMount: a}', /procMount: unknown key; known here: runAsUser, /],
    ['env: {A: null}', /env.A: found nothing; allowed: a string, a number or a boolean/],
    ['env: {A: [b]}', /env.A: found a list; allowed: a string, a number or a boolean/],
    ['env: {"A=B": c}', 'env."A=B": found the key "A=B"; allowed: names of variables, without "="'],
    ['env: [A=b]', 'env[0]: found "A=b"; allowed: a map with name, value'],
    ['env: a', 'env: found "a"; allowed: a map, or a list of maps with name and value'],
    ['workingDir: ""', 'workingDir: found ""; allowed: a path'],
    ['args: ["a\\0b"]', /args\[0\]: found "a\\u0000b"; allowed: a string, without NUL characters/],
    ['args: a "b', 'args: found " without its closing "'],
    ['args: {a: b}', 'args: found a map; allowed: a list of strings, or a string'],
    ['img: nginx', /img: unknown key; known here: command, args, workingDir, env, /],
    ['image: a', /^image: has no meaning here; it may be kept under "kubernetes"$/],
    ['volumeMounts: []', /^volumeMounts: has no meaning here; it may be kept under /],
    [
      'inheritEnv: 3',
      'inheritEnv: found 3; allowed: true, false, or a list of names, in which * stands for any letters',
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
    ['inheritEnv: [""]', 'inheritEnv[0]: found ""; allowed: a name, or a pattern'],
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
    ...['-1', '1.5', '1e300', '4000000000'].map(
      (count) =>
        [
          `replicas: ${count}, logs: {stdout: {file: a}}`,
          `replicas: found ${Number(count)}; allowed: a whole number from 0 to 1000, or auto`,
        ] as const,
    ),
    ['replicas: all', 'replicas: found "all"; allowed: a whole number from 0 to 1000, or auto'],
    [
      'args: ["${port.htp}"], ports: [{name: http, containerPort: 1}]',
      'args[0]: ${port.htp} has no value: the process has no port "htp"; did you mean "http"?',
    ],
    [
      'env: {A: "$${port.a}${port.b}"}, ports: [{name: http, containerPort: 1}]',
      'env.A: ${port.b} has no value: the process has no port "b"; it has http',
    ],
    ['workingDir: "${port.a}"', 'workingDir: ${port.a} has no value: the process has no port "a"'],
  ])
})

t.test('ports refuse what cannot be listened to or told apart', async (t) => {
  await refuses(t, [
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
  ])
})

t.test('resources refuse what the kernel does not know', async (t) => {
  await refuses(t, [
    [
      'resources: {rlimits: {files: 3}}',
      /resources.rlimits.files: found the key "files"; allowed: as, core, .* nofile, /,
    ],
    [
      'resources: {rlimits: {nofile: -1}}',
      'resources.rlimits.nofile: found -1; allowed: a whole number from 0 to 9007199254740991, or unlimited',
    ],
    ['resources: {nice: 20}', 'resources.nice: found 20; allowed: a whole number from -20 to 19'],
    [
      'resources: {oomScoreAdj: 1001}',
      /resources.oomScoreAdj: found 1001; allowed: a whole number from -1000 to 1000/,
    ],
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
  ])
})

t.test('where the output goes is one of a few words, or a file', async (t) => {
  await refuses(t, [
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
  ])
})
