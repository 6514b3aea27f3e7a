import { type Static, Type } from '@sinclair/typebox'
import { ControlSchema } from './control-schema.ts'
import { defaults } from './defaults.ts'
import { flag, integer, map, notYet, oneOf, path, seconds } from './fields.ts'
import { GroupSchema } from './group-schema.ts'
import { logFormat, ProcessDefaultsSchema, ProcessSchema } from './process-schema.ts'
import { SocketSchema } from './socket-schema.ts'

/** What checked files say, merged: variables put in, durations and signals as numbers, command lines split, paths absolute; no defaults of Ringmaster's. */
export type Config = Omit<Document, 'defaults' | 'include'>
export type ProcessConfig = Config['processes'][string]

/** The same before the variables of `defaults`, files and processes are put together. */
export type Document = Frozen<Static<typeof ConfigSchema>>
type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T

const HttpSchema = map(
  {
    host: Type.Optional(
      Type.String({
        minLength: 1,
        allowed: 'an address or a name',
        default: defaults.http.host,
        description: 'Address to listen on.',
      }),
    ),
    port: integer('TCP port; 0: any free one.', 0, 65535, defaults.http.port),
  },
  '',
)

const LogsSchema = map(
  {
    format: logFormat({
      default: defaults.logs.format,
      description: '"web.1 | line", one JSON object a line, or as it came.',
    }),
    level: Type.Optional(
      oneOf(['debug', 'info', 'warn', 'error'], {
        default: defaults.logs.level,
        description: "From which level on Ringmaster's own log is written.",
      }),
    ),
    timestamps: flag(
      'The time stands before each line of the format `prefix`.',
      defaults.logs.timestamps,
    ),
    stripAnsi: flag(
      'Colours and other ANSI sequences are taken out of captured output.',
      defaults.logs.stripAnsi,
    ),
    maxLineBytes: integer(
      'Longest line; a longer one is split, and each piece but the last ends in `[...]`.',
      1024,
      1_048_576,
      defaults.logs.maxLineBytes,
    ),
    onOverflow: Type.Optional(
      oneOf(['block', 'drop'], {
        default: defaults.logs.onOverflow,
        description:
          "What happens while the reader of Ringmaster's stdout or stderr takes nothing: `block`: the processes wait, as with any pipe; `drop`: what finds no room is dropped and counted.",
      }),
    ),
  },
  "How captured output and Ringmaster's own log are written.",
)

const ShutdownSchema = map(
  {
    drainSeconds: seconds(
      'From not ready to the first stop signal.',
      defaults.shutdown.drainSeconds,
    ),
    terminationGracePeriodSeconds: seconds(
      'The whole shutdown, drain included. Default: 30 under Kubernetes, 10 elsewhere, more where written graces and the drain need it.',
    ),
  },
  'How Ringmaster ends.',
)

const others = 'PIPE|ALRM|STKFLT|URG|XCPU|XFSZ|VTALRM|PROF|IO|PWR'
const realTime = 'RT(MIN(\\+([12]?\\d|30))?|MAX(-([12]?\\d|30))?)'
/** Signals that something is done with, or could be. */
const acting = `HUP|INT|QUIT|TERM|USR1|USR2|WINCH|${others}|${realTime}`

const SignalsSchema = Type.Record(
  Type.String({ pattern: `^(SIG)?(${acting}|CONT|TSTP|TTIN|TTOU)$` }),
  Type.Union(
    [
      oneOf(['shutdown', 'reload', 'reopen-logs', 'forward', 'forward-always', 'ignore'], {}),
      Type.String({ pattern: `^SIG(${acting})$` }),
    ],
    {
      allowed:
        'shutdown, reload, reopen-logs, forward, forward-always, ignore, or another signal such as SIGQUIT',
      notYet: Type.Literal('restart'),
    },
  ),
  {
    additionalProperties: false,
    allowedKeys:
      'signals such as SIGHUP or SIGRTMIN+3; KILL, STOP, CHLD and the fault signals (ILL, TRAP, ABRT, BUS, FPE, SEGV, SYS) cannot be configured',
    description:
      'What a signal to Ringmaster does: `shutdown`, `reload`, `reopen-logs` (files that were renamed), `forward` (to each process that has a handler for it), `forward-always`, `ignore`, or the name of the signal that it shall be taken for.',
  },
)

const namePattern = '^(?!all$)[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$'
const names =
  'names of 1 to 63 letters, digits, "-" and "_" that begin and end with a letter or digit; "all" is reserved'

/** The one schema of a configuration: static type, check, field docs and, by `jsonSchema`, the published file. */
export const ConfigSchema = map(
  {
    include: Type.Optional(
      Type.Array(Type.String({ minLength: 1, allowed: 'a path' }), {
        allowed: 'a list of paths',
        description:
          'Other files, in which `*` and `?` stand for letters of a name; this file wins over them, later ones over earlier.',
      }),
    ),
    defaults: Type.Optional(ProcessDefaultsSchema),
    http: Type.Optional(
      Type.Union([Type.Literal(false), HttpSchema], {
        allowed: 'a map with host and port, or false',
        default: defaults.http,
        description: 'Endpoint for probes and metrics; false: none.',
      }),
    ),
    control: Type.Optional(
      Type.Union([Type.Literal(false), ControlSchema], {
        allowed: 'a map with socket, mode, owner, access and http, or false',
        description: 'Where commands come in; false: nowhere.',
      }),
    ),
    shutdown: Type.Optional(ShutdownSchema),
    logs: Type.Optional(LogsSchema),
    signals: Type.Optional(SignalsSchema),
    dropSelf: flag('Ringmaster gives root up itself when no process needs it.', defaults.dropSelf),
    stateDir: Type.Optional(
      Type.Union([path({}), Type.Null()], {
        writtenAs: 'path',
        allowed: 'a path, or null',
        description:
          'Folder in which the revisions of processes outlive a restart; it has to be there. null: they live as long as Ringmaster.',
      }),
    ),
    sockets: Type.Optional(
      Type.Record(Type.String({ pattern: namePattern }), SocketSchema, {
        additionalProperties: false,
        allowedKeys: names,
        allowed: 'a map of sockets',
        description: 'Sockets that listen from the start to the end, by their names.',
      }),
    ),
    groups: Type.Optional(
      Type.Record(Type.String({ pattern: namePattern }), GroupSchema, {
        additionalProperties: false,
        allowedKeys: names,
        allowed: 'a map of groups',
        description: 'Processes that are restarted together, by the name of the group.',
      }),
    ),
    processes: Type.Record(Type.String({ pattern: namePattern }), ProcessSchema, {
      additionalProperties: false,
      minProperties: 1,
      allowedKeys: names,
      allowed: 'a map with at least one process',
      description: 'The processes by name.',
    }),
    secretsDir: notYet('/run/secrets'),
    plugins: notYet(),
  },
  'Configuration of Ringmaster.',
  { allowed: 'a map with processes' },
)
