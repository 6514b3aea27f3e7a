import { closeSync } from 'node:fs'
import { getSystemErrorName } from 'node:util'
import type { NotifySocket } from '../ports/notify-socket.ts'
import { native } from './native.ts'
import { parseNotice } from './notice.ts'
import { readiness } from './readiness.ts'

/** What systemd reads of a message at most. */
const mostBytes = 4096
const EMSGSIZE = 90

// One for all: a message is taken in before the next is read.
const bytes = Buffer.alloc(mostBytes)
const sender = new Uint32Array(2)

/**
 * Makes the socket of a run whose user is `uid`, or Ringmaster's own; or returns the name of the errno. Its address is an abstract one: it needs
 * no folder that can be written, no right to reach it, is found from inside a chroot, and is gone with the socket. Others of the
 * network namespace can reach it too, so nobody is believed but who is of the run; and none has the same name there.
 */
export function openNotifySocket(
  runId: string,
  uid = process.geteuid?.(),
): (NotifySocket & { readonly address: string }) | string {
  const address = `@ringmaster-${runId}`
  const fd = native().listenDatagrams(address)
  if (fd < 0) return getSystemErrorName(fd)
  return {
    address,
    watch(listener) {
      if (listener) readiness.onReadable(fd, listener)
      else readiness.forget(fd)
    },
    read() {
      const length = native().receiveDatagram(fd, bytes, sender)
      const [pid = 0, user] = sender
      if (length < 0 && length !== -EMSGSIZE) return null
      const notice = length < 0 ? {} : parseNotice(bytes.subarray(0, length))
      return { pid, isOfUser: user === uid, notice }
    },
    close() {
      readiness.forget(fd)
      closeSync(fd)
    },
  }
}
