import { type Static, Type } from '@sinclair/typebox'
import { defaults, MAX_REPLICAS } from './defaults.ts'
import { duration, flag, map, notYet, oneOf, path, seconds, signal, words } from './fields.ts'
import { LifecycleSchema } from './lifecycle-schema.ts'
import { LivenessProbeSchema, ReadinessProbeSchema, StartupProbeSchema } from './probe-schema.ts'
import {
  BackoffSchema,
  DependsOnSchema,
  EnvFromSchema,
  EnvSchema,
  LogFileSchema,
  PortsSchema,
  RestartLimitSchema,
} from './process-parts.ts'
import { ResourcesSchema, SecurityContextSchema } from './rights-schema.ts'
import { StrategySchema } from './strategy-schema.ts'

const standard = defaults.process
const targets = [Type.Literal('capture'), Type.Literal('inherit'), Type.Literal('discard')]
const formats = ['prefix', 'json', 'raw'] as const

/** What else a container of Kubernetes has. */
const ofContainers = [
  ...['image', 'imagePullPolicy', 'resizePolicy', 'restartPolicyRules', 'stdinOnce'],
  ...['terminationMessagePath', 'terminationMessagePolicy', 'volumeDevices', 'volumeMounts'],
]

/** Form of captured output, for all processes or for one. */
export function logFormat(options: { readonly default?: string; readonly description: string }) {
  return Type.Optional(oneOf([...formats], options))
}

/** A process. Only `command` has no default. */
export const ProcessSchema = map(
  {
    command: Type.Unsafe<[string, ...string[]]>(
      words(
        'What is executed, without a shell: a list, or a string that is split as a shell would.',
        1,
      ),
    ),
    args: Type.Optional(words('Added to the command.', 0)),
    workingDir: Type.Optional(
      path({
        template: 'text',
        description: "Where the process starts; relative: from the file's folder.",
      }),
    ),
    env: Type.Optional(EnvSchema),
    envFrom: Type.Optional(EnvFromSchema),
    inheritEnv: Type.Optional(
      Type.Union(
        [
          Type.Boolean(),
          Type.Array(Type.String({ minLength: 1, allowed: 'a name, or a pattern' })),
        ],
        {
          allowed: 'true, false, or a list of names, in which * stands for any letters',
          default: standard.inheritEnv,
          description:
            "What the process gets of Ringmaster's environment: all; with false PATH, LANG, LC_*, TZ and TERM; with a list of names (`*` stands for any letters) those too.",
        },
      ),
    ),
    replicas: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: MAX_REPLICAS,
        default: standard.replicas,
        writtenAs: 'replicas',
        allowed: `a whole number from 0 to ${MAX_REPLICAS}, or auto`,
        description:
          'How many instances run; `auto`: one for each CPU that the container may keep busy.',
      }),
    ),
    ports: Type.Optional(PortsSchema),
    sockets: Type.Optional(
      Type.Array(Type.String(), {
        allowed: 'a list of names of sockets',
        description:
          'Sockets that it gets as descriptors 3, 4 …, told by `LISTEN_FDS` and `${socket.NAME}`.',
      }),
    ),
    restartPolicy: Type.Optional(
      oneOf(['Always', 'OnFailure', 'Never'], {
        default: standard.restartPolicy,
        description: 'After which ends the process is started again.',
      }),
    ),
    successExitCodes: Type.Optional(
      Type.Array(Type.Integer({ minimum: 0, maximum: 255 }), {
        allowed: 'a list of numbers from 0 to 255',
        default: standard.successExitCodes,
        description: 'Exit codes that are no failure.',
      }),
    ),
    backoff: Type.Optional(BackoffSchema),
    restartLimit: Type.Optional(RestartLimitSchema),
    essential: flag('When it has failed, Ringmaster shuts down.', standard.essential),
    shutdownOnExit: flag(
      'A successful end is not followed by a restart; an end without a restart shuts Ringmaster down.',
      standard.shutdownOnExit,
    ),
    stopSignal: signal('Signal that asks the process to end.', standard.stopSignal),
    reloadSignal: signal(
      'Signal that has the process read its configuration again; without one `ringmaster reload` replaces its instances.',
    ),
    lifecycle: Type.Optional(LifecycleSchema),
    killMode: Type.Optional(
      oneOf(['staged', 'mixed', 'process', 'group'], {
        default: standard.killMode,
        description:
          'Who gets the stop signal. `staged`: the main process, then what it left, and at the end of the grace SIGKILL to the rest. `mixed`: SIGKILL at once to what the main process left. `process`: the main process alone. `group`: its process group at once.',
      }),
    ),
    terminationGracePeriodSeconds: seconds(
      'From the stop signal, or from the begin of `preStop`, to SIGKILL.',
      standard.terminationGracePeriodSeconds,
    ),
    autoStart: flag('Started with Ringmaster.', standard.autoStart),
    startDelaySeconds: seconds(
      'From the start of Ringmaster to the first start of the process.',
      standard.startDelaySeconds,
    ),
    onDemand: flag(
      'Started by the first connection to one of its sockets, and not before.',
      standard.onDemand,
    ),
    maxAgeSeconds: duration(
      'A run that is older is stopped and started again, one instance after the other; without it: none is too old.',
    ),
    maxAgeJitterSeconds: seconds(
      'Chance adds up to this to the age of each run.',
      standard.maxAgeJitterSeconds,
    ),
    dependsOn: Type.Optional(DependsOnSchema),
    strategy: Type.Optional(StrategySchema),
    minReadySeconds: seconds(
      'How long a new instance has to be ready in a rollout before it counts.',
      standard.minReadySeconds,
    ),
    progressDeadlineSeconds: duration(
      'A rollout has failed when no new instance becomes ready for so long.',
      standard.progressDeadlineSeconds,
    ),
    securityContext: Type.Optional(SecurityContextSchema),
    resources: Type.Optional(ResourcesSchema),
    startupProbe: StartupProbeSchema,
    readinessProbe: ReadinessProbeSchema,
    livenessProbe: LivenessProbeSchema,
    logs: Type.Optional(
      map(
        {
          stdout: Type.Optional(
            Type.Union([...targets, LogFileSchema], {
              allowed: 'capture, inherit, discard, or a map with file',
              default: standard.logs.stdout,
              description:
                "`capture`: read and written line by line; `inherit`: Ringmaster's own stdout; `discard`: thrown away; a map: written to a file.",
            }),
          ),
          stderr: Type.Optional(
            Type.Union([...targets, Type.Literal('stdout'), LogFileSchema], {
              allowed: 'capture, inherit, discard, stdout, or a map with file',
              default: standard.logs.stderr,
              description: 'The same; `stdout`: where stdout goes.',
            }),
          ),
          format: logFormat({
            description:
              'As `logs.format`, for this process; files are `raw` where it is not written.',
          }),
        },
        'What becomes of its output.',
      ),
    ),
    kubernetes: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: 'What else its container has in a cluster: has no effect here.',
      }),
    ),
    schedule: notYet(),
    timeZone: notYet(),
    concurrencyPolicy: notYet('Allow'),
    startingDeadlineSeconds: notYet(),
    suspend: notYet(),
    priority: notYet(0),
    stdin: notYet(),
    tty: notYet(),
    watch: notYet(),
    hooks: notYet(),
  },
  'A process: one command, run as one or more instances.',
  { definition: 'process', allowed: 'a map with command', keptElsewhere: ofContainers },
)

/** What holds for every process that does not say otherwise. */
export const ProcessDefaultsSchema = Type.Unsafe<Partial<Static<typeof ProcessSchema>>>({
  ...ProcessSchema,
  required: [],
  allowed: 'a map with fields of a process',
  description: 'Fields of a process, for all processes that do not have them.',
})
