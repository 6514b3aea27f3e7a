import { getSystemErrorName } from 'node:util'
import type { ServiceManager } from '../ports/service-manager.ts'
import { native } from './native.ts'

/** Whom `env` names by NOTIFY_SOCKET, with WATCHDOG_USEC and WATCHDOG_PID; null: nobody. */
export function findServiceManager(env: NodeJS.ProcessEnv): ServiceManager | null {
  const { NOTIFY_SOCKET: address, WATCHDOG_USEC: usec = '', WATCHDOG_PID: pid } = env
  if (!address) return null
  const isOurs = pid === undefined || pid === `${process.pid}`
  const watchdogMs = /^\d{4,15}$/.test(usec) && isOurs ? Number(usec) / 1000 : null
  return {
    watchdogMs,
    send(message) {
      const result = native().sendDatagram(address, Buffer.from(message))
      return result < 0 ? getSystemErrorName(result) : null
    },
  }
}
