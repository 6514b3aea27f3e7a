import { closeSync, fstatSync, openSync } from 'node:fs'
import { accept, type Bound, type Listening } from './api/listen.ts'
import type { Fact } from './core/events.ts'
import { ExitCode } from './lib/exit-codes.ts'
import { createHistory } from './observe/history.ts'
import { createIncidents } from './observe/incidents.ts'
import { createMailbox } from './observe/mailbox.ts'
import { createOwnNotices } from './observe/own-notices.ts'
import { createTerminationMessage } from './observe/termination-message.ts'
import { loadBundle } from './os/bundle.ts'
import { createCgroup } from './os/cgroup.ts'
import { systemClock } from './os/clock.ts'
import { createCommands } from './os/commands.ts'
import { openControlHttp } from './os/control-http.ts'
import { openControlSocket } from './os/control-socket.ts'
import { dropSelf, type SelfDrop } from './os/drop-self.ts'
import { writeEndpointFile } from './os/endpoint-file.ts'
import { createExitSource } from './os/exit-source.ts'
import { createGuard, noGuard } from './os/guard.ts'
import { timeLoopTurns } from './os/loop-turns.ts'
import { createMemorySource } from './os/memory.ts'
import { native, requireExecHelper } from './os/native.ts'
import { createPeers } from './os/peers.ts'
import { createProcessTable } from './os/process-table.ts'
import { isProcOurs } from './os/procfs.ts'
import { readiness } from './os/readiness.ts'
import { ownHardLimit } from './os/resources.ts'
import { rightsKey } from './os/rights.ts'
import { findServiceManager } from './os/service-manager.ts'
import { leaveOtherSignals, listenToSignals } from './os/signal-source.ts'
import { createSocketWatch } from './os/socket-watch.ts'
import { type OpenSocket, openSockets } from './os/sockets.ts'
import { createSpawner } from './os/spawner.ts'
import { resolveMore, resolveRights } from './os/start-rights.ts'
import { listenTcp } from './os/tcp.ts'
import { openTerminationLog, terminationLogBytes } from './os/termination-log.ts'
import { createUsageSource, lookAtProcess } from './os/usage.ts'
import { prefixColors, wantsColor } from './output/colors.ts'
import { openLogFiles } from './output/log-files.ts'
import { createOwnLines } from './output/own-lines.ts'
import { createSink, type Sink } from './output/sink.ts'
import { createOutput, type OutputOptions } from './output/streams.ts'
import type { InstanceSpec, LogLevel, Plan } from './plan/plan.ts'
import type { ConfigSource } from './ports/config-source.ts'
import { createLateProber } from './runtime/late-prober.ts'
import { Runtime } from './runtime/runtime.ts'

/** After the start, in ms, its garbage is collected. */
const settleMs = 2000
const SIGTERM = 15
/** How long what is written last may take, in ms. */
const flushMs = 500
/** Kubernetes takes so much of the end of stderr where the file has nothing: FallbackToLogsOnError. */
const endOfLogBytes = 2048
/** What is loaded late opens one file at a time, and the event loop takes one. */
const mostReserved = 4
/** The same unexpected error this often in a minute means that Ringmaster is beyond saving. */
const mostErrors = 10

/** What is supervised with besides the plan. */
export interface Supervision {
  readonly version: string
  /** Signals that came before; they are taken in first. */
  readonly heldSignals: readonly number[]
  /** The process that has started it: when that is gone, it is as if SIGTERM had come. Null: it lives on. */
  readonly parent: number | null
  /** For the log, at level debug. */
  readonly notes: readonly string[]
  /** Where the plan came from. */
  readonly config: ConfigSource
}

/**
 * Supervises `plan` until it ends, then ends the process with the exit code that the core decided. Rejects with
 * `START_REFUSED` before anything runs when the plan cannot be started; the process must end then.
 */
export async function supervise(
  plan: Plan,
  { version, heldSignals, parent, notes, config }: Supervision,
): Promise<void> {
  requireExecHelper()
  let post = (fact: Fact): void => {
    early.push(fact)
  }
  listenToSignals(Object.keys(plan.signals).map(Number), (signal) => {
    post({ type: 'signalled', signal })
  })
  leaveOtherSignals()
  const early = heldSignals.map((signal): Fact => ({ type: 'signalled', signal }))

  const wantedRights = resolveRights(plan)
  const clock = systemClock
  const bound = plan.http && (await bindEndpoint(plan.http))
  const forgetEndpoint =
    bound && writeEndpointFile({ ...plan.http, port: native().portOf(bound.fd) })
  const sockets = await openSockets(plan.sockets)
  // A start that is refused leaves no file.
  process.once('exit', () => {
    for (const socket of sockets) socket.remove()
  })
  const remote = plan.control?.http ? await openControlHttp(plan.control.http) : null
  const control = plan.control && openControlSocket(plan.control)
  const peers = createPeers()
  const manager = findServiceManager(process.env)
  if (process.pid !== 1) native().becomeSubreaper()

  const { stdout, stderr } = openSinks()
  const colors = await chooseColors(plan)
  const terminationLog = openTerminationLog(process.env)
  const self = dropSelf(plan, wantedRights)
  // Not before: the kernel forgets it when the user changes.
  if (parent !== null) native().onParentDeath(SIGTERM, parent)
  const files = openLogFiles(plan, clock)
  const ownLines = createOwnLines({ stdout, stderr, clock })
  // What happens before the log is loaded is told when it is.
  const untold: [LogLevel, string][] = [describeSelf(self), ...notes].map((note) => ['debug', note])
  if (sockets.length > 0)
    untold.push(['info', `sockets: ${sockets.map(describeSocket).join(', ')}`])
  let tell = (level: LogLevel, message: string): void => {
    untold.push([level, message])
  }
  if (typeof control === 'string') {
    tell('warn', `there is no control socket: ${control}. Set control.socket, or control: false`)
  }
  // PID 1 takes its namespace with it.
  const guard = process.pid === 1 ? noGuard : createGuard((problem) => tell('warn', problem))
  if (!isProcOurs()) {
    tell(
      'warn',
      '/proc is not that of this PID namespace: what processes leave behind is not found',
    )
  }
  const reserve = reserveDescriptors()
  const mailbox = createMailbox()
  let observed = Promise.resolve()
  const exits = createExitSource()
  const loopTurns = timeLoopTurns()
  const cgroup = createCgroup()
  const output = createOutput({
    ...{ stdout, stderr, clock, count: ownLines.count },
    ...{ lines: plan.logs, colors, files, readiness, formatLines: native().formatLines },
  })
  let reapedOrphans = 0
  const prober = createLateProber()
  const rights = new Map(self.rights)
  const rightsOf = ({ security }: InstanceSpec) => rights.get(rightsKey(security))
  const commands = createCommands({ rightsOf, exits, guard })
  const runtime = new Runtime(plan, {
    clock,
    exits: {
      onExit(listener) {
        exits.onExit((pid, status, orphan) => {
          if (orphan) reapedOrphans += 1
          listener(pid, status, orphan)
        })
      },
    },
    spawner: createSpawner(rightsOf, sockets),
    sockets: createSocketWatch(sockets),
    processes: createProcessTable(guard.isGuard, commands.isCommand),
    output,
    guard,
    cgroup,
    memory: createMemorySource(() =>
      tell('warn', 'what processes share is hidden from us: memory limits do not count it'),
    ),
    config: { read: readConfig },
    prober,
    publish(change) {
      for (const reader of readers) reader(change)
    },
    // Its promise cannot reject.
    exit: (code) => void leave(code),
  })
  const termination = createTerminationMessage({
    view: () => runtime.view(),
    lastWords: output.lastWords,
  })
  const history = createHistory({
    later: clock.afterPoll,
    report: (error) => runtime.report(error),
  })
  const incidents = createIncidents({
    view: () => runtime.view(),
    lastWords: output.lastWordsOf,
    lookAt: lookAtProcess,
    wallMs: () => clock.now().wallMs,
  })
  const ownNotices =
    manager &&
    createOwnNotices({
      ...{ manager, clock, view: () => runtime.view(), shutdownMs: plan.shutdown.graceMs },
      onLost: (errno) => tell('warn', `nobody hears at NOTIFY_SOCKET: ${errno}`),
    })
  const readers = [
    ...[mailbox.post, termination.change, history.change, incidents.change],
    ...(ownNotices ? [ownNotices.change] : []),
  ]
  reportUnexpectedErrors(runtime)
  // Without children, endpoint or deadline nothing else keeps the event loop alive.
  setInterval(() => {}, 2 ** 31 - 1)

  post = (fact) => runtime.post(fact)
  runtime.post({ type: 'begin' })
  ownNotices?.begin()
  for (const fact of early) runtime.post(fact)
  observed = observe().catch((error: unknown) => {
    runtime.report(error)
    ownLines.write(`ringmaster: cannot load log, metrics, endpoint and probes: ${error}\n`)
    prober.arrive(null)
  })

  /** What a plan that is applied needs and cannot have is told before anything changes. */
  async function readConfig(files: readonly string[] | null): ReturnType<ConfigSource['read']> {
    const reading = await config.read(files)
    if (reading.problem !== null) return reading
    try {
      for (const [key, one] of resolveMore(reading.plan, rights, self)) rights.set(key, one)
      return reading
    } catch (error) {
      return { problem: error instanceof Error ? error.message : String(error) }
    }
  }

  /** The heavy part: loaded when the first children are on their way. */
  async function observe(): Promise<void> {
    for (const fd of reserve) closeSync(fd)
    const listening = bound && (await accept(bound, { clock, mostConnections: mostConnections() }))
    // What is loaded now keeps the event loop busy for long: what waits for the end of this turn, such as a look at the counter of
    // OOM kills before the first of them, comes before that.
    await guard.settled()
    await new Promise<void>((resolve) => clock.afterPoll(resolve))
    const late = loadBundle('late') as typeof import('./late.ts')
    const { createLog, createMetrics, createProber, serve, serveControl } = late
    prober.arrive(createProber(commands))
    const view = () => runtime.view()
    const isTerminal = await leadsToTerminal(2)
    const logTo = (write: (line: string) => void) =>
      createLog({
        write,
        isTerminal,
        hasColor: wantsColor(process.env, isTerminal),
        wallMs: () => clock.now().wallMs,
        level: plan.logs.level,
      })
    const log = logTo(ownLines.write)
    ownLines.report((message, write) => logTo(write).note('warn', message))
    const usage = createUsageSource()
    const metrics = createMetrics({
      ...{ clock, view, version },
      output: output.counts,
      usage: {
        *look(mains) {
          const usages = yield* usage.look(mains)
          incidents.used(usages)
          return usages
        },
      },
      ...{ cgroup, loopTurns },
      reapedOrphans: () => reapedOrphans,
    })
    mailbox.open(
      (change) => {
        log.change(change)
        metrics.change(change)
      },
      (count) => log.note('warn', `${count} changes were too early to be logged`),
    )
    tell = log.note
    for (const [level, message] of untold) log.note(level, message)
    if (listening) {
      await serve(listening, { view, metrics, report: (error) => runtime.report(error) })
      if (view().phase === 'running') log.note('info', `endpoints: ${urls(listening)}`)
    }
    const local = control && typeof control !== 'string' ? control : null
    if (plan.control && (local || remote)) {
      const entrances = { local: local && { fd: local.fd, peers }, remote, note: log.note }
      await serveControl(entrances, {
        ...{ version, view, clock, history, incidents, sockets, access: plan.control.access },
        ...{ lines: output, specs: () => runtime.specs() },
        ...{ readConfig, preview: (other) => runtime.preview(other) },
        post: (fact) => runtime.post(fact),
        report: (error) => runtime.report(error),
      })
      if (local) log.note('debug', `control socket: ${local.path}`)
      if (remote) {
        log.note(
          'info',
          `control: ${remote.tls ? 'https' : 'http'}://${describePort(remote.host, native().portOf(remote.fd))}`,
        )
      }
    }
    clock.at(clock.now().monoMs + settleMs, () => native().releaseMemory())
  }

  /** Why it ends, unless that was asked for, to `write`. Nothing may keep it from ending. */
  function tellEnd(write: (message: string) => void, limitBytes: number): void {
    try {
      const message = termination.text(limitBytes)
      if (message !== '') write(message)
    } catch (error) {
      runtime.report(error)
    }
  }

  async function leave(code: number): Promise<void> {
    // First what waits for nothing: Kubernetes may have no more time for us.
    tellEnd(terminationLog, terminationLogBytes)
    // The last changes may still be on their way to a log that is being loaded.
    await Promise.race([observed, new Promise((resolve) => setTimeout(resolve, flushMs))])
    if (forgetEndpoint) forgetEndpoint()
    if (control && typeof control !== 'string') control.remove()
    for (const socket of sockets) socket.remove()
    ownLines.conclude()
    tellEnd(ownLines.write, endOfLogBytes)
    await Promise.all([stdout, stderr, files].map((one) => one.flush(flushMs)))
    native().exit(code)
  }
}

async function bindEndpoint(address: NonNullable<Plan['http']>): Promise<Bound> {
  const request = { ...address, backlog: 511, isBlocking: false, reusesPort: false }
  const remedy = 'Choose another "http.port" (0: any free one), or turn it off with "http: false"'
  return { fd: await listenTcp(request, remedy) }
}

async function chooseColors({ processes }: Plan): Promise<OutputOptions['colors']> {
  const colors = prefixColors(processes.map(({ name }) => name))
  const has = async (fd: number) => wantsColor(process.env, await leadsToTerminal(fd))
  return { ...((await has(1)) && { stdout: colors }), ...((await has(2)) && { stderr: colors }) }
}

/** Loads nothing where it is no device at all. */
async function leadsToTerminal(fd: number): Promise<boolean> {
  return fstatSync(fd).isCharacterDevice() && (await import('node:tty')).isatty(fd)
}

/** The children may take all the descriptors there are before everything is loaded. */
function reserveDescriptors(): readonly number[] {
  const reserve: number[] = []
  try {
    for (let count = 0; count < mostReserved; count++) reserve.push(openSync('/dev/null', 'r'))
  } catch {
    // There are hardly any: what is loaded may still find its one.
  }
  return reserve
}

/** The endpoint takes at most a quarter of the descriptors: processes need them. */
function mostConnections(): number {
  const quarter = Math.floor(ownHardLimit('nofile') / 4)
  return Number.isNaN(quarter) ? 512 : Math.max(1, Math.min(512, quarter))
}

/** Where both descriptors are the same pipe or file, one sink keeps the lines whole. */
function openSinks(): { stdout: Sink; stderr: Sink } {
  const { write } = native()
  const open = (fd: number) => createSink({ fd, write, readiness, clock: systemClock })
  const [one, two] = [fstatSync(1), fstatSync(2)]
  const stdout = open(1)
  return { stdout, stderr: one.dev === two.dev && one.ino === two.ino ? stdout : open(2) }
}

/** After the start nothing but the core ends us. */
function reportUnexpectedErrors(runtime: Runtime): void {
  const recent = new Map<string, number[]>()
  const take = (error: unknown) => {
    runtime.report(error)
    const text = String(error)
    const now = performance.now()
    const times = [...(recent.get(text) ?? []).filter((time) => time > now - 60_000), now]
    if (recent.size > 100) recent.clear()
    recent.set(text, times)
    if (times.length >= mostErrors) {
      runtime.post({
        type: 'shutdown',
        reason: `again and again: ${text}`,
        code: ExitCode.internal,
      })
    }
  }
  process.on('uncaughtException', take)
  process.on('unhandledRejection', take)
}

function describeSelf(self: SelfDrop): string {
  return self.kind === 'kept'
    ? `ringmaster stays the user it is: ${self.reason}`
    : `ringmaster gave root up and is ${self.user.uid}:${self.user.gid}`
}

function describeSocket({ name, address }: OpenSocket): string {
  return `${name} ${address}`
}

function urls({ host, port }: Listening): string {
  const name = host === '::' || host === '0.0.0.0' ? 'localhost' : host
  const base = `http://${describePort(name, port)}`
  return ['livez', 'readyz', 'metrics'].map((path) => `${base}/${path}`).join(' ')
}

function describePort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
