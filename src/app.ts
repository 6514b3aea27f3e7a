import { createConfigSource } from './app/config-source.ts'
import { Control } from './app/control.ts'
import { mostConnections, reserveDescriptors } from './app/descriptors.ts'
import { Endpoint } from './app/endpoint.ts'
import { createMoves } from './app/moves.ts'
import { createNotes } from './app/notes.ts'
import { observe } from './app/observe.ts'
import { chooseColors, openSinks } from './app/own-output.ts'
import { openRevisions } from './app/revisions.ts'
import { reportUnexpectedErrors } from './app/unexpected-errors.ts'
import type { Fact } from './core/events.ts'
import { createHistory } from './observe/history.ts'
import { createIncidents } from './observe/incidents.ts'
import { createMailbox } from './observe/mailbox.ts'
import { createOwnNotices } from './observe/own-notices.ts'
import { createTerminationMessage } from './observe/termination-message.ts'
import { createCgroup } from './os/cgroup.ts'
import { systemClock } from './os/clock.ts'
import { createCommands } from './os/commands.ts'
import { dropSelf, type SelfDrop } from './os/drop-self.ts'
import { createExitSource } from './os/exit-source.ts'
import { createGuard, noGuard } from './os/guard.ts'
import { timeLoopTurns } from './os/loop-turns.ts'
import { createMemorySource } from './os/memory.ts'
import { native, requireExecHelper } from './os/native.ts'
import { readOwnRights } from './os/own-rights.ts'
import { createProcessTable } from './os/process-table.ts'
import { isProcOurs } from './os/procfs.ts'
import { readiness } from './os/readiness.ts'
import { rightsKey } from './os/rights.ts'
import { findServiceManager } from './os/service-manager.ts'
import { leaveOtherSignals, listenToSignals } from './os/signal-source.ts'
import { createSocketWatch } from './os/socket-watch.ts'
import { type OpenSocket, openSockets } from './os/sockets.ts'
import { createSpawner } from './os/spawner.ts'
import { resolveRights } from './os/start-rights.ts'
import { openTerminationLog, terminationLogBytes } from './os/termination-log.ts'
import { lookAtProcess } from './os/usage.ts'
import { openLogFiles } from './output/log-files.ts'
import { createOwnLines } from './output/own-lines.ts'
import { createOutput } from './output/streams.ts'
import type { InstanceSpec } from './plan/instance-spec.ts'
import type { Plan } from './plan/plan.ts'
import type { ConfigFiles } from './ports/config-source.ts'
import { createLateProber } from './runtime/late-prober.ts'
import { Runtime } from './runtime/runtime.ts'

const SIGTERM = 15
/** How long what is written last may take, in ms. */
const flushMs = 500
/** Kubernetes takes so much of the end of stderr where the file has nothing: FallbackToLogsOnError. */
const endOfLogBytes = 2048

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
  readonly config: ConfigFiles
}

/**
 * Supervises `plan` until it ends, then ends the process with the exit code that the core decided. Rejects with
 * `START_REFUSED` before anything runs when the plan cannot be started; the process must end then.
 */
export async function supervise(
  plan: Plan,
  { version, heldSignals, parent, notes: heldNotes, config }: Supervision,
): Promise<void> {
  requireExecHelper()
  const early = heldSignals.map((signal): Fact => ({ type: 'signalled', signal }))
  let post = (fact: Fact): void => {
    early.push(fact)
  }
  listenToSignals(Object.keys(plan.signals).map(Number), (signal) => {
    post({ type: 'signalled', signal })
  })
  leaveOtherSignals()

  const ownRights = readOwnRights()
  const wantedRights = resolveRights(plan, ownRights)
  const clock = systemClock
  const notes = createNotes()
  const { tell } = notes
  const own = { clock, note: tell, report: (error: unknown) => runtime.report(error) }
  const endpoint = new Endpoint({ ...own, mostConnections: mostConnections() })
  const control = new Control(own)
  let sockets: readonly OpenSocket[] = []
  const removeFiles = () => {
    endpoint.forget()
    control.remove()
    for (const socket of sockets) socket.remove()
  }
  // A start that is refused leaves none.
  process.once('exit', removeFiles)
  await endpoint.begin(plan.http)
  sockets = await openSockets(plan.sockets)
  await control.begin(plan.control)
  const manager = findServiceManager(process.env)
  if (process.pid !== 1) native().becomeSubreaper()

  const { stdout, stderr } = openSinks()
  const colors = await chooseColors(plan)
  const terminationLog = openTerminationLog(process.env)
  const self = dropSelf(plan, wantedRights, [...endpoint.fds, ...control.fds], ownRights)
  // Not before: the kernel forgets it when the user changes.
  if (parent !== null) native().onParentDeath(SIGTERM, parent)
  const files = openLogFiles(plan, {
    ...{ clock, lock: native().lock },
    tell: (problem) => tell('warn', problem),
  })
  const ownLines = createOwnLines({ stdout, stderr, clock })
  for (const note of [describeSelf(self), ...heldNotes]) tell('debug', note)
  if (sockets.length > 0) tell('info', `sockets: ${sockets.map(describeSocket).join(', ')}`)
  const revisions = openRevisions(plan, self, clock, tell)
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
  const rights = new Map(revisions.rights)
  const rightsOf = ({ security }: InstanceSpec) => rights.get(rightsKey(security))
  const commands = createCommands({ rightsOf, exits, guard })
  const moves = createMoves(
    [(to) => endpoint.prepare(to.http), (to) => control.prepare(to.control)],
    own.report,
  )
  const source = createConfigSource(config, { rights, self, moves })
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
    config: source,
    addresses: moves,
    revisions,
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
  observed = observe({
    ...{ plan, version, clock, runtime, prober, commands, guard, notes, mailbox, ownLines, output },
    ...{ history, incidents, cgroup, loopTurns, reserve, sockets, config: source },
    ...{ endpoint, control, showConfig: config.show },
    reapedOrphans: () => reapedOrphans,
    onMissing(error) {
      goWithout(error, '; this is tried again')
      // The end does not wait for it.
      observed = Promise.resolve()
    },
  }).catch((error: unknown) => {
    runtime.report(error)
    goWithout(error)
  })

  let lastMissing = ''
  function goWithout(error: unknown, outlook = ''): void {
    prober.arrive(null)
    const message = `ringmaster: cannot load log, metrics, endpoint and probes: ${error}${outlook}\n`
    if (message !== lastMissing) ownLines.write(message)
    lastMissing = message
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
    removeFiles()
    ownLines.conclude()
    tellEnd(ownLines.write, endOfLogBytes)
    await Promise.all([stdout, stderr, files, revisions].map((one) => one.flush(flushMs)))
    native().exit(code)
  }
}

function describeSelf(self: SelfDrop): string {
  return self.kind === 'kept'
    ? `ringmaster stays the user it is: ${self.reason}`
    : `ringmaster gave root up and is ${self.user.uid}:${self.user.gid}`
}

function describeSocket({ name, address }: OpenSocket): string {
  return `${name} ${address}`
}
