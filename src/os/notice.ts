import type { Notice } from '../core/events.ts'

/** Characters of a status; more than fits on a line tells nobody more. */
const mostOfStatus = 200
/** The longest timer of Node.js. */
const mostMs = 2 ** 31 - 1

/**
 * What a message of sd_notify(3) says: lines `NAME=value`. What means nothing here is left out: descriptors are not kept, and another MAINPID
 * is not believed, since the process that was started is the one that is waited for.
 */
export function parseNotice(message: Uint8Array): Notice {
  const notice: { -readonly [K in keyof Notice]: Notice[K] } = {}
  for (const line of new TextDecoder().decode(message).split('\n')) {
    const end = line.indexOf('=')
    const value = line.slice(end + 1)
    switch (line.slice(0, end)) {
      case 'READY':
        if (value === '1') notice.state = 'ready'
        break
      case 'RELOADING':
        if (value === '1') notice.state = 'reloading'
        break
      case 'STOPPING':
        if (value === '1') notice.state = 'stopping'
        break
      case 'STATUS':
        notice.status = toStatus(value)
        break
      case 'WATCHDOG':
        if (value === '1') notice.watchdog = 'alive'
        if (value === 'trigger') notice.watchdog = 'failed'
        break
      case 'WATCHDOG_USEC':
        takeMs(value, (ms) => {
          // systemd's "infinity".
          notice.watchdogMs = ms > mostMs ? 0 : ms
        })
        break
      case 'EXTEND_TIMEOUT_USEC':
        takeMs(value, (ms) => {
          notice.extendMs = Math.min(ms, mostMs)
        })
        break
    }
  }
  return notice
}

/** One line without what moves a cursor, of whole characters. */
function toStatus(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  const line = text.replace(/[\0-\x1f\x7f-\x9f]+/g, ' ')
  const characters = [...line.trim()]
  if (characters.length <= mostOfStatus) return characters.join('')
  return `${characters.slice(0, mostOfStatus - 1).join('')}…`
}

/** Of microseconds; at least 1 ms where it is not 0. */
function takeMs(text: string, take: (ms: number) => void): void {
  if (/^\d{1,20}$/.test(text)) take(Math.ceil(Number(text) / 1000))
}
