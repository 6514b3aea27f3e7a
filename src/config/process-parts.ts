import { Type } from '@sinclair/typebox'
import { defaults } from './defaults.ts'
import { flag, integer, map, notYet, number, oneOf, path, seconds, template } from './fields.ts'

const variableName = '^[^=\\u0000]+$'
const variable = template({
  writtenAs: 'scalar',
  allowed: 'a string, a number or a boolean, without NUL characters',
})

/** Variables of a process. */
export const EnvSchema = Type.Record(Type.String({ pattern: variableName }), variable, {
  additionalProperties: false,
  allowed: 'a map, or a list of maps with name and value',
  allowedKeys: 'names of variables, without "="',
  asList: map(
    {
      name: Type.String({
        pattern: variableName,
        allowed: 'the name of a variable, without "="',
        description: 'Name of the variable.',
      }),
      value: Type.Optional({ ...variable, description: 'Its value.' }),
      valueFrom: notYet(),
    },
    '',
  ),
  description: "Variables added to the environment: a map, or Kubernetes' list of name and value.",
})

/** Files of variables. */
export const EnvFromSchema = Type.Array(
  map(
    {
      file: path({ description: 'File of NAME=value lines.' }),
      optional: flag('The file may be missing.', false),
      secretRef: notYet(undefined, { inPlaceOf: 'file' }),
      configMapRef: notYet(undefined, { inPlaceOf: 'file' }),
    },
    'A source of variables.',
  ),
  {
    allowed: 'a list of maps with file',
    description: 'Files of variables, later ones win; `env` wins over all of them.',
  },
)

/** Ports of a process. */
export const PortsSchema = Type.Array(
  map(
    {
      name: Type.Optional(
        Type.String({
          pattern: '^(?=[a-z0-9-]{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$',
          allowed:
            'up to 15 small letters, digits and "-", with a letter, and "-" only between them',
          description: 'Name of the port, for `${port.NAME}` and `<PROCESS>_SERVICE_PORT_<NAME>`.',
        }),
      ),
      containerPort: Type.Union(
        [
          Type.Integer({ minimum: 1, maximum: 65535 }),
          Type.String({
            pattern: '^\\d*\\$\\{instance\\.number\\}\\d*$',
            template: 'number',
          }),
        ],
        {
          template: 'number',
          allowed: 'a port from 1 to 65535, such as 8080 or 80${instance.number}',
          description: 'The port.',
        },
      ),
      protocol: Type.Optional(
        oneOf(['TCP', 'UDP', 'SCTP'], { default: 'TCP', description: 'Its protocol.' }),
      ),
    },
    'A port that the process listens on.',
  ),
  {
    allowed: 'a list of maps with name and containerPort',
    description: 'Ports that the process listens on; it has to open them itself.',
  },
)

/** The wait before a restart. */
export const BackoffSchema = map(
  {
    initialSeconds: seconds(
      'Wait before the second restart in a row; the first comes at once.',
      defaults.process.backoff.initialSeconds,
    ),
    factor: number('The wait grows by this factor.', 1, 1000, defaults.process.backoff.factor),
    maxSeconds: seconds('Longest wait.', defaults.process.backoff.maxSeconds),
    jitter: number('Share of the wait that chance may add.', 0, 1, defaults.process.backoff.jitter),
    resetAfterSeconds: seconds(
      'A run that was ready for this long is stable: the row of failures starts anew after it.',
      defaults.process.backoff.resetAfterSeconds,
    ),
  },
  'Wait before a restart.',
)

/** When restarting ends. */
export const RestartLimitSchema = Type.Union(
  [
    map(
      {
        count: integer(
          'Most automatic restarts of an instance in that time, and most failures in a row.',
          0,
          1_000_000,
          defaults.process.restartLimit.count,
        ),
        withinSeconds: seconds('That time.', defaults.process.restartLimit.withinSeconds),
      },
      '',
    ),
    Type.Null(),
  ],
  {
    allowed: 'a map with count and withinSeconds, or null',
    description: 'When an instance has failed for good; null: never.',
  },
)

const { logFile } = defaults.process

/** A file that output goes to. */
export const LogFileSchema = map(
  {
    file: path({
      template: 'text',
      description: 'Its path; each instance needs a file of its own.',
    }),
    maxBytes: integer(
      'It is rotated before it would be larger; 0: never.',
      0,
      Number.MAX_SAFE_INTEGER,
      logFile.maxBytes,
    ),
    maxFiles: integer(
      'How many rotated files are kept: FILE.1, the newest, to FILE.N.',
      0,
      1000,
      logFile.maxFiles,
    ),
    maxAgeSeconds: seconds(
      'It is rotated by the first line after that time; 0: at any age.',
      logFile.maxAgeSeconds,
    ),
    compress: flag('Rotated files are compressed: FILE.N.gz.', logFile.compress),
  },
  '',
  { allowed: 'a map with file' },
)

/** What each start of a run waits for. */
export const DependsOnSchema = Type.Union(
  [
    Type.Record(Type.String(), oneOf(['started', 'ready', 'succeeded'], {})),
    Type.Array(Type.String(), { allowed: 'a list of names of processes' }),
  ],
  {
    allowed: 'a map such as {db: ready}, or a list of names',
    description:
      'Other processes that each start waits for, until they are `started`, `ready` or `succeeded`; a list of names means ready. They are stopped after it.',
  },
)
