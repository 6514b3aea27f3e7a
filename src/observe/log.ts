import { pino } from 'pino'
import type { Change } from '../core/changes.ts'
import { signalName } from '../lib/signals.ts'
import type { LogLevel } from '../plan/plan.ts'
import { describe } from './describe.ts'

/** Ringmaster's own words. */
export interface Log {
  change(change: Change): void
  /** What no change tells, such as the address that is listened on. */
  note(level: LogLevel, message: string): void
}

export interface LogOptions {
  /** Takes one line with its newline; must not wait. */
  readonly write: (line: string) => void
  /** A person reads it: short lines in place of JSON. */
  readonly isTerminal: boolean
  /** With colours for what is wrong; on a terminal alone. */
  readonly hasColor?: boolean
  /** Unix time in ms, for notes; a change has its own. */
  readonly wallMs: () => number
  /** Lines of a lower level are left out. */
  readonly level: LogLevel
}

/** One JSON line a change: `level`, `time` (ISO 8601), the fields of the change, `msg`. */
export function createLog(options: LogOptions): Log {
  const { write, isTerminal, hasColor = false, wallMs, level: least } = options
  const printAny = isTerminal ? printShort(write, hasColor) : printJson(write)
  const isWanted = (level: LogLevel) => levels.indexOf(level) >= levels.indexOf(least)
  return {
    change(change) {
      const { level, message } = describe(change)
      if (isWanted(level)) printAny(level, change.at.wallMs, fieldsOf(change), message)
    },
    note(level, message) {
      if (isWanted(level)) printAny(level, wallMs(), {}, message)
    },
  }
}

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

type Print = (level: LogLevel, wallMs: number, fields: object, message: string) => void

function printJson(write: (line: string) => void): Print {
  // The time is the change's own: it may have waited for this module to be loaded.
  const logger = pino(
    { base: null, timestamp: false, level: 'debug', formatters: { level: (level) => ({ level }) } },
    { write },
  )
  return (level, wallMs, fields, message) =>
    logger[level]({ time: new Date(wallMs).toISOString(), ...fields }, message)
}

/** Of the level: faint, nothing, yellow, red. See "SGR" in console_codes(4). */
const colors: Record<LogLevel, string> = { debug: '2', info: '', warn: '33', error: '31' }

function printShort(write: (line: string) => void, hasColor: boolean): Print {
  return (level, wallMs, _fields, message) => {
    const time = new Date(wallMs).toTimeString().slice(0, 8)
    const text = `${level === 'info' ? '' : `${level}: `}${message}`
    const color = hasColor ? colors[level] : ''
    write(`${time} ${color === '' ? text : `\x1b[${color}m${text}\x1b[0m`}\n`)
  }
}

function fieldsOf(change: Change): object {
  switch (change.type) {
    case 'instance': {
      const { type: _type, at: _at, status, delayMs, ...others } = change
      const fields = { ...others, ...(delayMs !== undefined && { delayMs: Math.round(delayMs) }) }
      if (status === undefined) return fields
      return status.signal === 0
        ? { ...fields, code: status.code }
        : { ...fields, signal: signalName(status.signal) }
    }
    case 'probe': {
      const { type: _type, at: _at, ...fields } = change
      return { ...fields, durationMs: Math.round(change.durationMs) }
    }
    case 'notice':
    case 'hook':
    case 'departure':
    case 'rollout':
    case 'scale': {
      const { type: _type, at: _at, ...fields } = change
      return fields
    }
    case 'supervisor': {
      const { phase, reason, code } = change
      return phase === 'running' ? { phase } : { phase, reason, code }
    }
    case 'withdrawal':
      return { withdrawn: change.withdrawn, ...(change.by !== undefined && { by: change.by }) }
    case 'command':
      return { command: change.command, by: change.by }
    case 'config': {
      const { files, previous } = change
      return { ...(files && { files }), ...(previous && { previousFiles: previous }) }
    }
    case 'internalError':
      return {}
  }
}
