// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import type { FieldSchema } from '../../src/config/field-schema.ts'
import { parseConfig } from '../../src/config/load.ts'
import { ConfigSchema } from '../../src/config/schema.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { toPlan } from '../../src/plan/to-plan.ts'

const times = {
  ...{ initialDelaySeconds: 1.5, periodSeconds: 5, timeoutSeconds: 2, failureThreshold: 4 },
  successThreshold: 1,
}
const ofItsEnd = { terminationGracePeriodSeconds: 3 }
const httpGet = {
  ...{ path: '/a?b=%22', port: '80${instance.number}', host: 'localhost', scheme: 'HTTPS' },
  httpHeaders: [{ name: 'X', value: '"é" \\ 🐘 \u0001' }],
}
const exec = { command: ['test', '-e', '$(HOME)/${instance.name}'] }
const tcpSocket = { port: 'http', host: '::1' }
const grpc = { port: 9000, host: 'localhost', service: 'a.B' }
const logs = {
  ...{ maxBytes: 1000, maxFiles: 3, maxAgeSeconds: 60, compress: true },
}

/** All that no two actions share. */
const common = {
  command: ['node', 'a b', '$$ ${instance.number}'],
  args: ['"quoted"', '\\', 'ünï 🐘', '\u2028', '$(HOME)'],
  workingDir: '/srv/${instance.name}',
  env: {
    A: '1',
    ['__proto__']: 'x',
    EMPTY: '',
    LONG: 'x'.repeat(5000),
    'odd name\n': 'two\nlines',
  },
  envFrom: [{ file: '/no/such/file', optional: true }],
  inheritEnv: ['HOME', 'LC_*'],
  replicas: 2,
  ports: [
    { name: 'http', containerPort: '81${instance.number}', protocol: 'TCP' },
    { containerPort: 53, protocol: 'UDP' },
  ],
  sockets: ['web'],
  restartPolicy: 'OnFailure',
  successExitCodes: [0, 3],
  backoff: {
    ...{ initialSeconds: 0.25, factor: 1.7, maxSeconds: 9, jitter: 0.3, resetAfterSeconds: 4 },
  },
  restartLimit: { count: 3, withinSeconds: 70 },
  essential: false,
  shutdownOnExit: true,
  stopSignal: 'SIGINT',
  reloadSignal: 'SIGHUP',
  killMode: 'mixed',
  terminationGracePeriodSeconds: 12.5,
  autoStart: false,
  startDelaySeconds: 0.5,
  onDemand: true,
  maxAgeSeconds: 3600,
  maxAgeJitterSeconds: 60,
  dependsOn: { base: 'started' },
  strategy: { type: 'RollingUpdate', maxSurge: '50%', maxUnavailable: 1 },
  minReadySeconds: 2,
  progressDeadlineSeconds: 45,
  securityContext: {
    ...{ runAsUser: 1000, runAsGroup: 'staff', supplementalGroups: [7, 8], runAsNonRoot: true },
    ...{ allowPrivilegeEscalation: true, capabilities: { add: ['KILL'], drop: ['ALL'] } },
    seccompProfile: { type: 'Localhost', localhostProfile: 'profile.json' },
    ...{ readOnlyRootFilesystem: true, privileged: false },
  },
  resources: {
    limits: { cpu: '250m', memory: '64Mi' },
    requests: { memory: '32Mi' },
    rlimits: { nofile: 4096, core: 'unlimited' },
    ...{ nice: 5, umask: '0027', oomScoreAdj: 500, ioClass: 'best-effort:7', cpuAffinity: '0-3,8' },
  },
  logs: {
    stdout: { file: '/logs/${instance.name}.out', ...logs },
    stderr: { file: '/logs/${instance.name}.err', ...logs },
    format: 'json',
  },
  kubernetes: { image: 'x' },
}

const hook = (action: object) => ({ postStart: action, preStop: action, stopSignal: 'SIGINT' })
const probes = (action: object) => ({
  startupProbe: { ...action, ...times, ...ofItsEnd },
  readinessProbe: { ...action, ...times },
  livenessProbe: { ...action, ...times, ...ofItsEnd },
})

/** A configuration in which each field of a process is written, and each thing that a probe or a hook can do. */
const fullConfig = {
  sockets: { web: { port: 0 } },
  processes: {
    base: { command: ['base'], restartLimit: null, strategy: { type: 'Recreate' } },
    http: { ...common, ...probes({ httpGet }), lifecycle: hook({ httpGet }) },
    tcp: { ...common, ...probes({ tcpSocket }), lifecycle: hook({ sleep: { seconds: 1.5 } }) },
    exec: { ...common, ...probes({ exec }), lifecycle: hook({ exec }) },
    grpc: { ...common, ...probes({ grpc }) },
    said: { ...common, ...probes({ notify: true }) },
    lines: {
      ...common,
      startupProbe: { logLine: '^"up" (é|\\d+)$', ...times },
      readinessProbe: { logLine: 'ready', ...times },
      livenessProbe: { logSilenceSeconds: 30, ...times },
    },
  },
}

/** The plan of {@link fullConfig}. */
export async function fullPlan(): Promise<Plan> {
  const variables = { env: {} }
  const config = await parseConfig(JSON.stringify(fullConfig), '/srv/f.yaml', variables)
  return toPlan(config, { isKubernetes: false, envFile: { FROM_FILE: '$ é' } })
}

/** Fields of a process that {@link fullConfig} does not have, by their paths. */
export function unwritten(): readonly string[] {
  const [schema] = Object.values(ConfigSchema.properties.processes.patternProperties)
  return missingIn(schema as FieldSchema, Object.values(fullConfig.processes), '')
}

function missingIn(schema: FieldSchema, values: readonly unknown[], path: string): string[] {
  const maps = values.filter((value) => typeof value === 'object' && value !== null)
  return [schema, ...(schema.anyOf ?? [])].flatMap((part) => [
    ...Object.entries(part.properties ?? {})
      .filter(([, field]) => field.notYet !== true)
      .flatMap(([name, field]) => {
        const found = maps.flatMap((map) => (name in map ? [map[name as keyof typeof map]] : []))
        return found.length === 0 ? [`${path}${name}`] : missingIn(field, found, `${path}${name}.`)
      }),
    ...Object.values(part.patternProperties ?? {}).flatMap((field) => {
      return missingIn(field, maps.flatMap(Object.values), `${path}NAME.`)
    }),
    ...(part.items ? missingIn(part.items, values.flat(), `${path}[].`) : []),
  ])
}
