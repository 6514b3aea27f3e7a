/** What holds where a configuration is silent. Times in seconds, as they are written there. */
export const defaults = {
  http: { host: '::', port: 9099 },
  logs: { format: 'prefix' },
  process: {
    replicas: 1,
    restartPolicy: 'Always',
    backoff: {
      initialSeconds: 0.1,
      factor: 2,
      maxSeconds: 30,
      jitter: 0.1,
      resetAfterSeconds: 10,
    },
    // SIGTERM
    stopSignal: 15,
    terminationGracePeriodSeconds: 10,
  },
} as const
