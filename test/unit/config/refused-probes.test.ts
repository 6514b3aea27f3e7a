// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import t from 'tap'
import { refuses } from '../../rig/fields.ts'

t.test('probes refuse what they cannot be', async (t) => {
  await refuses(t, [
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
    ...['[::1]', 'localhost:80', 'http://localhost', 'localhost/a', 'a@b', 'a b', ''].map(
      (host): [string, string] => [
        `livenessProbe: {tcpSocket: {port: 1, host: "${host}"}}`,
        `livenessProbe.tcpSocket.host: found "${host}"; allowed: the name or the address of a host, such as 127.0.0.1 or ::1, without a port`,
      ],
    ),
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
  ])
})

t.test('hooks refuse what they cannot be', async (t) => {
  await refuses(t, [
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
  ])
})
