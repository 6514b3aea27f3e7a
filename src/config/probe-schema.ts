import { type TProperties, Type } from '@sinclair/typebox'
import { defaults } from './defaults.ts'
import { duration, flag, integer, map, oneOf, seconds, template, words } from './fields.ts'

const standard = defaults.probe
const graceMeaning = 'From the stop signal to SIGKILL when it has failed; else that of the process.'

const PortSchema = Type.Union(
  [
    Type.Integer({ minimum: 1, maximum: 65535 }),
    Type.String({ pattern: '^\\d*\\$\\{instance\\.number\\}\\d*$', template: 'number' }),
    Type.String({ pattern: '^(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$' }),
  ],
  {
    template: 'number',
    allowed: 'a port from 1 to 65535, such as 8080 or 80${instance.number}, or the name of one',
    description: 'A number, or the name of one of the `ports` of the process.',
  },
)

const HostSchema = Type.Optional(
  template({
    // One colon would be that of a port.
    pattern: '^(?![^:]*:[^:]*$)[!-.0-?A-Z^-~]+$',
    allowed: 'the name or the address of a host, such as 127.0.0.1 or ::1, without a port',
    description: 'Where to connect to; not written: 127.0.0.1, then ::1.',
  }),
)

/** A request. */
export const HttpGetSchema = map(
  {
    path: Type.Optional(
      template({
        pattern: '^[!-~]*$',
        allowed: 'a path of ASCII letters, without spaces',
        default: standard.path,
        description: 'Path, with its query.',
      }),
    ),
    port: PortSchema,
    host: HostSchema,
    scheme: Type.Optional(
      oneOf(['HTTP', 'HTTPS'], {
        default: standard.scheme,
        description: 'Certificates are not verified.',
      }),
    ),
    httpHeaders: Type.Optional(
      Type.Array(
        map(
          {
            name: Type.String({
              pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
              allowed: 'the name of a header',
              description: 'Name of the header.',
            }),
            value: template({
              pattern: '^[^\\u0000\\r\\n]*$',
              writtenAs: 'scalar',
              allowed: 'a string on one line',
              description: 'Its value.',
            }),
          },
          'A header of the request.',
        ),
        { allowed: 'a list of maps with name and value', description: 'Headers of the request.' },
      ),
    ),
  },
  'An HTTP request whose answer has a status from 200 to 399.',
)

const TcpSocketSchema = map(
  { port: PortSchema, host: HostSchema },
  'A TCP connection that is accepted.',
)

const GrpcSchema = map(
  {
    port: PortSchema,
    host: HostSchema,
    service: Type.Optional(
      template({
        pattern: '^[ -~]{0,1000}$',
        allowed: 'the name of a service in ASCII letters',
        default: standard.service,
        description: 'Name of the service that is asked for; not written: the server as a whole.',
      }),
    ),
  },
  'A call of `grpc.health.v1.Health/Check`, without TLS, that is answered with SERVING.',
)

/** A command. */
export const ExecSchema = map(
  {
    command: Type.Unsafe<[string, ...string[]]>(
      words(
        'What is executed, without a shell: a list, or a string that is split as a shell would.',
        1,
      ),
    ),
  },
  'A command that ends with code 0; with the user, environment and folder of the process.',
)

/** One that a probe is tried until it succeeds, while nothing else of the process is. */
export const StartupProbeSchema = probe(
  'Until it has succeeded the process is starting; when it has failed, it is stopped and restarted.',
  {
    logLine: logLine(),
    ...{ successThreshold: once(), terminationGracePeriodSeconds: seconds(graceMeaning) },
  },
)

/** One that never restarts. */
export const ReadinessProbeSchema = probe('The process is ready while it succeeds.', {
  logLine: logLine(),
  successThreshold: integer(
    'Successes in a row that make it ready.',
    1,
    1_000_000,
    standard.successThreshold,
  ),
})

/** One whose failure restarts. */
export const LivenessProbeSchema = probe(
  'When it has failed, the process is stopped and restarted.',
  {
    logSilenceSeconds: duration('It has failed when the process wrote nothing for so long.'),
    ...{ successThreshold: once(), terminationGracePeriodSeconds: seconds(graceMeaning) },
  },
)

function logLine() {
  return Type.Optional(
    Type.String({
      pattern: '^[^\\u0000\\n]{1,1000}$',
      allowed: 'a regular expression of up to 1000 characters, in the syntax of RE2',
      description:
        'It succeeds, for the rest of the run, once a line of stdout or stderr matches this regular expression (RE2 syntax).',
    }),
  )
}

function probe<T extends TProperties>(description: string, ofItsOwn: T) {
  return Type.Optional(
    map(
      {
        httpGet: Type.Optional(HttpGetSchema),
        tcpSocket: Type.Optional(TcpSocketSchema),
        exec: Type.Optional(ExecSchema),
        grpc: Type.Optional(GrpcSchema),
        notify: flag(
          'The process says itself how it is, by sd_notify(3); `periodSeconds` times `failureThreshold` is how long it may be silent.',
        ),
        initialDelaySeconds: seconds(
          'From the start of the process to the first try.',
          standard.initialDelaySeconds,
        ),
        periodSeconds: duration(
          'From the begin of a try to that of the next.',
          standard.periodSeconds,
        ),
        timeoutSeconds: duration('A try that takes longer has failed.', standard.timeoutSeconds),
        failureThreshold: integer(
          'Failures in a row after which the probe has failed.',
          1,
          1_000_000,
          standard.failureThreshold,
        ),
        ...ofItsOwn,
      },
      description,
    ),
  )
}

/** Kubernetes has the field here too, with one value. */
function once() {
  return Type.Optional(
    Type.Integer({
      ...{ minimum: 1, maximum: 1, default: standard.successThreshold, allowed: '1' },
      description: 'Always 1.',
    }),
  )
}
