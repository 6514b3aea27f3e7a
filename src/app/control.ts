import { closeSync } from 'node:fs'
import { isDeepStrictEqual as isSame } from 'node:util'
import type { ControlServer } from '../api/control/serve.ts'
import { messageOf } from '../lib/errors.ts'
import { bindForControl, listenForControl, readControlHttp } from '../os/control-http.ts'
import { hideControlSocket, openControlSocket } from '../os/control-socket.ts'
import type { HiddenSocket, LocalSocket } from '../os/local-socket.ts'
import type { TcpSocket } from '../os/tcp.ts'
import type { AccessSpec, ControlHttpSpec, ControlSpec } from '../plan/plan.ts'
import type { Clock } from '../ports/clock.ts'
import type { ControlHttp } from '../ports/control-http.ts'
import { Doors, tcp } from './doors.ts'
import { describePort } from './endpoint.ts'
import { lacksRight, type Move } from './moves.ts'
import type { Note } from './notes.ts'

export interface ControlOptions {
  readonly clock: Clock
  readonly note: Note
  /** Hears of a mistake in here. */
  readonly report: (error: unknown) => void
}

/** Where commands come in, and who may give them. All of that may change; who carries them out is the same all the time. */
export class Control {
  readonly #options: ControlOptions
  readonly #locals: Doors<LocalSocket>
  readonly #remotes: Doors<TcpSocket>
  #spec: ControlSpec | null = null
  #local: LocalSocket | null = null
  #remote: Remote | null = null
  #create: (() => Promise<ControlServer>) | undefined
  #server: Promise<ControlServer> | undefined
  /** What was asked of clients last, over TCP. */
  #http: ControlHttp | null = null
  #told: { readonly local: LocalSocket | null; readonly remote: Remote | null } = {
    ...{ local: null, remote: null },
  }
  /** One change is carried through after the other. */
  #work = Promise.resolve()

  constructor(options: ControlOptions) {
    this.#options = options
    this.#locals = new Doors({
      ...options,
      stays: () => false,
      // Who has looked the path up may have to wait for a CPU.
      lingers: () => true,
      onLeave: () => this.#retire('local'),
    })
    this.#remotes = new Doors({ ...options, ...tcp, onLeave: () => this.#retire('remote') })
  }

  /** Who may do what. */
  get access(): AccessSpec {
    return this.#spec?.access ?? { others: 'none', descendants: 'none' }
  }

  /** Descriptors that listen over TCP. */
  get fds(): readonly number[] {
    return this.#remotes.sockets.map(({ fd }) => fd)
  }

  /** Takes its first addresses; clients wait there. Throws `START_REFUSED`. */
  async begin(spec: ControlSpec | null): Promise<void> {
    this.#spec = spec
    if (spec?.http) {
      this.#remote = await this.#prepareRemote(spec.http)
      this.#remotes.move(this.#remote.socket)
      listenForControl(this.#remote.socket)
    }
    const opened = spec && openControlSocket(spec)
    if (typeof opened === 'string') {
      const remedy = 'Set control.socket, or control: false'
      this.#options.note('warn', `there is no control socket: ${opened}. ${remedy}`)
    } else {
      this.#local = opened
      this.#locals.move(opened)
    }
  }

  /** There is somebody to carry out commands now. */
  async answer(create: () => Promise<ControlServer>): Promise<void> {
    this.#create = create
    await this.#settle()
  }

  /** Reads and takes what another configuration needs, beside what there is. Null: it is all the same. Throws `START_REFUSED`. */
  async prepare(spec: ControlSpec | null): Promise<Move | null> {
    // What is in the files of control over TCP may be new.
    if (!spec?.http && isSame(spec, this.#spec)) return null
    const remote = spec?.http ? await this.#prepareRemote(spec.http) : null
    const isOwn = () => remote === null || this.#remotes.sockets.includes(remote.socket)
    let hidden: HiddenSocket | null = null
    const discard = () => {
      hidden?.discard()
      if (remote && !isOwn()) closeSync(remote.socket.fd)
    }
    try {
      hidden = this.#hide(spec)
    } catch (error) {
      discard()
      throw error
    }
    const commit = () => {
      if (remote && !isOwn()) listenForControl(remote.socket, this.#remotes.sockets)
      const local = hidden ? hidden.reveal() : spec && this.#local
      hidden = null
      this.#change(spec, local, remote)
    }
    return { commit, discard }
  }

  /** Takes the file of the socket away. */
  remove(): void {
    this.#local?.remove()
  }

  async #prepareRemote(spec: ControlHttpSpec): Promise<Remote> {
    const before = this.#spec?.http
    const http = await readControlHttp(spec).catch((error: unknown) => {
      // Root alone may read them, and was given up: who asks for nothing else keeps what they said.
      if (!this.#remote || !isSame(spec, before) || !lacksRight(error)) throw error
      // A token that was replaced, because somebody has seen it, would be good for ever and nobody know.
      const how = 'control over TCP goes on with what was read before'
      this.#options.note('warn', `${messageOf(error)}: ${how}`)
      return this.#remote.http
    })
    const { host, port } = before ?? {}
    const kept = host === spec.host && port === spec.port ? this.#remote : null
    const socket = kept?.socket ?? (await bindForControl(spec, this.#remotes.sockets))
    return { http, socket }
  }

  /** Another socket for commands, where it is to be another one. */
  #hide(spec: ControlSpec | null): HiddenSocket | null {
    const before = this.#spec
    if (spec === null || (before && isSame(placeOf(spec), placeOf(before)))) return null
    return hideControlSocket(spec, { spec: before, local: this.#local })
  }

  #change(spec: ControlSpec | null, local: LocalSocket | null, remote: Remote | null): void {
    const before = { spec: this.#spec, local: this.#local, remote: this.#remote }
    this.#spec = spec
    this.#local = local
    this.#remote = remote
    // What clients may do is looked up at each request, but streams go on.
    const isOther = !isSame(spec?.access, before.spec?.access)
    if (isOther) this.#retire('local')
    if (isOther || !isSame(remote?.http, before.remote?.http)) this.#retire('remote')
    if (before.local && before.local.path !== local?.path) before.local.remove()
    this.#locals.move(local)
    this.#remotes.move(remote?.socket ?? null)
    this.#settle().catch(this.#options.report)
  }

  /** Has clients come in as it is wanted now. */
  #settle(): Promise<void> {
    const done = this.#work.then(async () => {
      const hasClients = this.#locals.sockets.length + this.#remotes.sockets.length > 0
      if (!this.#create || !hasClients) return
      this.#server ??= this.#create()
      const server = await this.#server
      const http = this.#remote?.http ?? null
      if (http && !isSame(http, this.#http)) await server.ask(http)
      this.#http = http ?? this.#http
      await this.#locals.open((fd) => server.letIn(fd))
      await this.#remotes.open((fd) => server.letInRemote(fd))
      this.#tell()
    })
    this.#work = done.catch(() => {})
    return done
  }

  /** Where it can be reached, when that is new. */
  #tell(): void {
    const { note } = this.#options
    const [local, remote] = [this.#local, this.#remote]
    if (local && local !== this.#told.local) note('debug', `control socket: ${local.path}`)
    if (remote && remote.socket !== this.#told.remote?.socket) {
      const address = describePort(remote.http.host, remote.socket.port)
      note('info', `control: ${remote.http.tls ? 'https' : 'http'}://${address}`)
    }
    this.#told = { local, remote }
  }

  #retire(from: 'local' | 'remote'): void {
    void this.#server?.then((server) => server.retire(from))
  }
}

interface Remote {
  readonly http: ControlHttp
  readonly socket: TcpSocket
}

function placeOf({ socket, mode, user, group }: ControlSpec) {
  return { socket, mode, user, group }
}
