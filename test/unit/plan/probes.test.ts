// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import t from 'tap'
import { planFrom } from '../../rig/plans.ts'
import { firstOf, instancesOf } from '../../rig/specs.ts'

t.test('a silent probe is filled in with the defaults, in ms', async (t) => {
  const tcpSocket = { port: 1 }
  const probe = {
    ...{ by: 'tries', initialDelayMs: 0, periodMs: 10_000, timeoutMs: 1000 },
    ...{ successThreshold: 1, failureThreshold: 3, graceMs: null },
  }
  const [process] = planFrom({
    processes: {
      web: {
        command: ['a'],
        startupProbe: { tcpSocket, periodSeconds: 0.0001, terminationGracePeriodSeconds: 0 },
        readinessProbe: { tcpSocket },
        livenessProbe: { httpGet: { port: 80 }, timeoutSeconds: 0.5, initialDelaySeconds: 3 },
      },
    },
  }).processes
  t.strictSame(process?.probes, {
    startup: { ...probe, periodMs: 1, graceMs: 0 },
    readiness: probe,
    liveness: { ...probe, timeoutMs: 500, initialDelayMs: 3000 },
  })
  t.strictSame(firstOf(process).checks, {
    startup: { kind: 'tcp', host: null, port: 1 },
    readiness: { kind: 'tcp', host: null, port: 1 },
    liveness: {
      ...{ kind: 'http', host: null, port: 80, path: '/', scheme: 'HTTP', headers: [] },
    },
  })
})

t.test(
  'a try for a line waits for a period, and silence is looked for when it may be there',
  async (t) => {
    const [process] = planFrom({
      processes: {
        web: {
          command: ['a'],
          startupProbe: { logLine: 'up', periodSeconds: 3, failureThreshold: 5 },
          readinessProbe: { logLine: 'ready', successThreshold: 4, timeoutSeconds: 7 },
          livenessProbe: { logSilenceSeconds: 60, failureThreshold: 4 },
        },
      },
    }).processes
    t.match(process?.probes, {
      startup: { by: 'logLine', periodMs: 3000, timeoutMs: 3000, failureThreshold: 5 },
      readiness: { by: 'logLine', periodMs: 10_000, timeoutMs: 10_000, successThreshold: 1 },
      liveness: { by: 'tries', periodMs: 60_000, failureThreshold: 1 },
    })
    t.strictSame(firstOf(process).checks, {
      startup: { kind: 'logLine', pattern: 'up' },
      readiness: { kind: 'logLine', pattern: 'ready' },
      liveness: { kind: 'logSilence', ms: 60_000 },
    })
  },
)

t.test(
  'each instance is probed at its own port, and has its own variables in the check',
  async (t) => {
    const [process] = planFrom({
      processes: {
        web: {
          command: ['a'],
          replicas: 2,
          ports: [{ name: 'http', containerPort: '80${instance.number}' }],
          readinessProbe: { tcpSocket: { port: 'http', host: '${instance.name}.example' } },
          livenessProbe: {
            httpGet: {
              ...{ port: '90${instance.number}', path: 'a?$$=${port.http}', scheme: 'HTTPS' },
              httpHeaders: [{ name: 'Host', value: '${process.name}$$' }],
            },
          },
        },
      },
    }).processes
    t.strictSame(instancesOf(process)[1]?.checks, {
      readiness: { kind: 'tcp', host: 'web.2.example', port: 802 },
      liveness: {
        ...{ kind: 'http', host: null, port: 902, path: '/a?$=802', scheme: 'HTTPS' },
        headers: [{ name: 'Host', value: 'web$' }],
      },
    })
  },
)

t.test('a process whose probe is by notify can speak, and is not tried by it', async (t) => {
  const notify = true
  const [web, api] = planFrom({
    processes: {
      web: {
        command: ['a'],
        readinessProbe: { notify: false, tcpSocket: { port: 1 } },
        livenessProbe: { notify, periodSeconds: 2, failureThreshold: 4 },
      },
      api: { command: ['a'], startupProbe: { notify } },
    },
  }).processes
  t.match(web?.probes, { readiness: { by: 'tries' }, liveness: { by: 'notify' } })
  t.same(Object.keys(firstOf(web).checks ?? {}), ['readiness'])
  t.same(firstOf(web).notify, { watchdogMs: 8000 })
  t.same(firstOf(api).notify, { watchdogMs: null })
  t.same(firstOf(api).checks, {})
})

t.test('a command of a probe stays of templates, and a gRPC service has its name', async (t) => {
  const [web, api] = planFrom({
    processes: {
      web: {
        command: ['a'],
        startupProbe: { exec: { command: ['b', '$(HOME)', '$$ ${instance.name}'] } },
        readinessProbe: { grpc: { port: 1, service: '${process.name}.v1' } },
      },
      api: { command: ['a'], readinessProbe: { grpc: { port: 1, host: 'db' } } },
    },
  }).processes
  t.strictSame(firstOf(web).checks, {
    startup: { kind: 'exec', command: ['b', '$(HOME)', '$$ web.1'] },
    readiness: { kind: 'grpc', host: null, port: 1, service: 'web.v1' },
  })
  t.strictSame(firstOf(api).checks, {
    readiness: { kind: 'grpc', host: 'db', port: 1, service: '' },
  })
})
