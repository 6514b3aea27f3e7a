import type { Entrances } from '../api/control/serve.ts'
import type { LocalSocket } from '../os/local-socket.ts'
import { native } from '../os/native.ts'
import type { ControlSpec } from '../plan/plan.ts'
import type { ControlHttp } from '../ports/control-http.ts'
import type { Peers } from '../ports/peers.ts'
import type { Usages } from '../ports/usage.ts'
import { describePort } from './endpoint.ts'
import type { Note } from './notes.ts'
import type { Late, LateParts } from './observe.ts'

/** Where commands come in. */
export interface Control {
  readonly spec: ControlSpec
  readonly local: LocalSocket | null
  readonly remote: ControlHttp | null
  readonly peers: Peers
}

/** Has commands answered from now on. */
export async function answerCommands(
  { serveControl }: Late,
  { spec, local, remote, peers }: Control,
  parts: LateParts,
  usages: Usages,
  note: Note,
): Promise<void> {
  const entrances: Entrances = { local: local && { fd: local.fd, peers }, remote, note }
  const { runtime, output, version, clock, history, incidents, sockets } = parts
  const { readConfig, showConfig } = parts
  await serveControl(entrances, {
    ...{ version, clock, history, incidents, sockets, readConfig, showConfig, usages },
    lines: output,
    access: spec.access,
    view: () => runtime.view(),
    specs: () => runtime.specs(),
    preview: (other) => runtime.preview(other),
    post: (fact) => runtime.post(fact),
    report: (error) => runtime.report(error),
  })
  if (local) note('debug', `control socket: ${local.path}`)
  if (remote) {
    const address = describePort(remote.host, native().portOf(remote.fd))
    note('info', `control: ${remote.tls ? 'https' : 'http'}://${address}`)
  }
}
