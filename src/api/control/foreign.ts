import { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/**
 * Why a request may come of a web page, in the browser of somebody who can reach us; undefined when it does not. A page can have any name
 * of its own stand for our address (DNS rebinding), and cannot keep its browser from telling that name.
 */
export function createForeignCheck(
  host: string,
  certificate: string | null,
): (headers: IncomingMessage['headers']) => string | undefined {
  const known = certificate === null ? null : new X509Certificate(certificate)
  return ({ host: asked = '', origin }) => {
    if (origin !== undefined) return 'no web page may ask: the request has an Origin'
    const name = nameIn(asked)
    const isOurs =
      isIP(name) !== 0 ||
      name === 'localhost' ||
      name === host.toLowerCase() ||
      (name !== '' && known?.checkHost(name) !== undefined)
    return isOurs ? undefined : 'the Host of the request is no name of ours'
  }
}

/** `[::1]:80`, `localhost:80`, `localhost`. */
function nameIn(host: string): string {
  const [, address, name = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(host) ?? []
  return (address ?? name).toLowerCase()
}
