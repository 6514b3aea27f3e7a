import {
  type SchemaOptions,
  type Static,
  type TLiteral,
  type TSchema,
  type TUnion,
  Type,
} from '@sinclair/typebox'
import { signalName } from '../lib/signals.ts'
import { defaults } from './defaults.ts'

/** A schema of this folder: JSON Schema, and what is said of a field besides. */
export interface FieldSchema extends TSchema {
  readonly type?: string | undefined
  readonly properties?: Readonly<Record<string, FieldSchema>> | undefined
  readonly patternProperties?: Readonly<Record<string, FieldSchema>> | undefined
  readonly items?: FieldSchema | undefined
  readonly anyOf?: readonly FieldSchema[] | undefined
  readonly required?: readonly string[] | undefined
  readonly const?: unknown
  /** What may be written, in words, where type and range do not say it well. */
  readonly allowed?: string | undefined
  /** What the keys of the map may be, in words. */
  readonly allowedKeys?: string | undefined
  /** Another way in which the value may be written; `resolveValues` turns it into the one of the schema. */
  readonly writtenAs?: WrittenAs | undefined
  /** True: `${instance.name}` and the like may stand in it. It stays a template, in which `$$` is a dollar. */
  readonly template?: boolean | undefined
}

/** `seconds`: `20s`. `signal`: `SIGTERM`. `words`: a command line. `scalar`: an unquoted number or boolean, kept letter by letter. */
export type WrittenAs = 'seconds' | 'signal' | 'words' | 'scalar'

/** What a checked file says: variables put in, durations and signals as numbers, command lines split, `workingDir` absolute; no defaults. */
export type Config = Frozen<Static<typeof ConfigSchema>>
export type ProcessConfig = Config['processes'][string]

type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T

const closed = { additionalProperties: false }
// The longest timer of Node.js is 2^31 - 1 ms.
const MAX_SECONDS = 2_147_483
// 2^32 - 1 means "unchanged" to setuid(2).
const MAX_ID = 4_294_967_294

const BackoffSchema = Type.Object(
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
  { ...closed, description: 'Wait before a restart.' },
)

const SecurityContextSchema = Type.Object(
  {
    runAsUser: userOrGroup(
      'User of the process, by name or number. A supervisor that is root wants it written.',
    ),
    runAsGroup: userOrGroup(
      "Group of the process, by name or number. Default: the user's own group.",
    ),
  },
  { ...closed, description: 'User and rights of the process.' },
)

const ProcessSchema = Type.Object(
  {
    command: Type.Unsafe<[string, ...string[]]>(
      words(
        'What is executed, without a shell: a list, or a string that is split as a shell would.',
        1,
      ),
    ),
    args: Type.Optional(words('Added to the command.', 0)),
    env: Type.Optional(
      Type.Record(
        Type.String({ pattern: '^[^=\\u0000]+$' }),
        text({
          writtenAs: 'scalar',
          allowed: 'a string, a number or a boolean, without NUL characters',
        }),
        {
          ...closed,
          allowedKeys: 'names of variables, without "="',
          description: 'Variables added to the environment.',
        },
      ),
    ),
    workingDir: Type.Optional(
      text({
        minLength: 1,
        allowed: 'a path',
        description: "Where the process starts; relative: from the file's folder.",
      }),
    ),
    replicas: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 1000,
        default: defaults.process.replicas,
        description: 'How many instances run.',
      }),
    ),
    restartPolicy: Type.Optional(
      oneOf(['Always', 'OnFailure', 'Never'], {
        default: defaults.process.restartPolicy,
        description: 'After which ends the process is started again.',
      }),
    ),
    backoff: Type.Optional(BackoffSchema),
    stopSignal: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 64,
        writtenAs: 'signal',
        allowed: 'a signal, such as SIGTERM, RTMIN+3 or 15',
        default: signalName(defaults.process.stopSignal),
        description: 'Signal that asks the process to end.',
      }),
    ),
    terminationGracePeriodSeconds: seconds(
      'From the stop signal to SIGKILL.',
      defaults.process.terminationGracePeriodSeconds,
    ),
    securityContext: Type.Optional(SecurityContextSchema),
  },
  { ...closed, description: 'A process: one command, run as one or more instances.' },
)

const HttpSchema = Type.Object(
  {
    host: Type.Optional(
      Type.String({
        minLength: 1,
        default: defaults.http.host,
        description: 'Address to listen on.',
      }),
    ),
    port: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 65535,
        default: defaults.http.port,
        description: 'TCP port; 0: any free one.',
      }),
    ),
  },
  closed,
)

/** The one schema of a configuration: static type, check, field docs and, by `jsonSchema`, the published file. */
export const ConfigSchema = Type.Object(
  {
    http: Type.Optional(
      Type.Union([Type.Literal(false), HttpSchema], {
        allowed: 'a map with host and port, or false',
        default: defaults.http,
        description: 'Endpoint for probes; false: none.',
      }),
    ),
    logs: Type.Optional(
      Type.Object(
        {
          format: Type.Optional(
            oneOf(['prefix', 'json', 'raw'], {
              default: defaults.logs.format,
              description: '"web.1 | line", one JSON object a line, or as it came.',
            }),
          ),
        },
        { ...closed, description: 'How captured output is written.' },
      ),
    ),
    processes: Type.Record(
      Type.String({ pattern: '^(?!all$)[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$' }),
      ProcessSchema,
      {
        ...closed,
        minProperties: 1,
        allowedKeys:
          'names of 1 to 63 letters, digits, "-" and "_" that begin and end with a letter or digit; "all" is reserved',
        allowed: 'a map with at least one process',
        description: 'The processes by name.',
      },
    ),
  },
  { ...closed, description: 'Configuration of Ringmaster.' },
)

function seconds(description: string, standard: number) {
  return Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: MAX_SECONDS,
      writtenAs: 'seconds',
      allowed: `seconds from 0 to ${MAX_SECONDS}, such as 20, 0.5 or 20s`,
      default: standard,
      description: `${description} In seconds.`,
    }),
  )
}

function number(description: string, minimum: number, maximum: number, standard: number) {
  return Type.Optional(Type.Number({ minimum, maximum, default: standard, description }))
}

function text(options: SchemaOptions) {
  return Type.String({
    pattern: '^[^\\u0000]*$',
    template: true,
    allowed: 'a string, without NUL characters',
    ...options,
  })
}

function words(description: string, minItems: number) {
  return Type.Array(text({}), {
    minItems,
    writtenAs: 'words',
    allowed:
      minItems === 0
        ? 'a list of strings, or a string'
        : 'a list of strings with at least one, or a string',
    description,
  })
}

function userOrGroup(description: string) {
  return Type.Optional(
    Type.Union(
      [
        Type.Integer({ minimum: 0, maximum: MAX_ID }),
        Type.String({ pattern: '^[^-:\\s\\u0000][^:\\s\\u0000]*$' }),
      ],
      { allowed: `a name, or a number from 0 to ${MAX_ID}`, description },
    ),
  )
}

function oneOf<const T extends string[]>(names: T, options: SchemaOptions) {
  // A mapped tuple is beyond inference; the list above is the one that is mapped.
  const literals = names.map((name) => Type.Literal(name)) as { [K in keyof T]: TLiteral<T[K]> }
  return Type.Union(literals, options) as TUnion<{ [K in keyof T]: TLiteral<T[K]> }>
}
