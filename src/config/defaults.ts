/** What holds where a configuration is silent. Times in seconds, as they are written there. */
export const defaults = {
  http: { host: '::', port: 9099 },
  control: { mode: 0o600, access: { others: 'read' }, http: { host: '127.0.0.1' } },
  shutdown: {
    drainSeconds: 0,
    // Kubernetes' own default for a pod, and what other runtimes give at most.
    graceSecondsInKubernetes: 30,
    graceSecondsElsewhere: 10,
  },
  logs: {
    format: 'prefix',
    level: 'info',
    timestamps: false,
    stripAnsi: false,
    maxLineBytes: 65_536,
    onOverflow: 'block',
  },
  dropSelf: true,
  socket: { host: '0.0.0.0', reusePort: false, mode: 0o660, backlog: 511 },
  probe: {
    initialDelaySeconds: 0,
    periodSeconds: 10,
    timeoutSeconds: 1,
    successThreshold: 1,
    failureThreshold: 3,
    path: '/',
    scheme: 'HTTP',
    service: '',
  },
  group: { strategy: 'OneForOne', essential: true },
  process: {
    inheritEnv: true,
    replicas: 1,
    restartPolicy: 'Always',
    successExitCodes: [0],
    backoff: {
      initialSeconds: 0.1,
      factor: 2,
      maxSeconds: 30,
      jitter: 0.1,
      resetAfterSeconds: 10,
    },
    restartLimit: { count: 20, withinSeconds: 600 },
    essential: true,
    shutdownOnExit: false,
    // SIGTERM
    stopSignal: 15,
    killMode: 'staged',
    terminationGracePeriodSeconds: 10,
    autoStart: true,
    startDelaySeconds: 0,
    minReadySeconds: 0,
    progressDeadlineSeconds: 60,
    onDemand: false,
    maxAgeJitterSeconds: 0,
    securityContext: { runAsNonRoot: false, allowPrivilegeEscalation: false },
    logs: { stdout: 'capture', stderr: 'capture' },
    logFile: {
      format: 'raw',
      maxBytes: 10_485_760,
      maxFiles: 5,
      maxAgeSeconds: 0,
      compress: false,
    },
  },
} as const

/** Of one process. */
export const MAX_REPLICAS = 1000
