import { constants } from 'node:os'

/** First and last real-time signal that programs may use; 32 and 33 belong to glibc. */
export const SIGRTMIN = 34
export const SIGRTMAX = 64

const numberByName: ReadonlyMap<string, number> = new Map(Object.entries(constants.signals))
const nameByNumber = new Map<number, string>()
// Aliases (SIGIOT, SIGPOLL) come later in the table than the usual names and lose.
for (const [name, number] of numberByName) {
  if (!nameByNumber.has(number)) nameByNumber.set(number, name)
}

/** The number (1–64) of a signal written as people write it: `SIGTERM`, `term`, `15`, `RTMIN+3`, `SIGRTMAX-1`. Undefined when there is none such. */
export function parseSignal(text: string): number | undefined {
  if (/^\d+$/.test(text)) return isSignal(Number(text)) ? Number(text) : undefined
  const upper = text.toUpperCase()
  const name = upper.startsWith('SIG') ? upper : `SIG${upper}`
  const realTime = /^SIGRT(?:MIN(?:\+(\d{1,2}))?|MAX(?:-(\d{1,2}))?)$/.exec(name)
  if (realTime === null) return numberByName.get(name)
  const number = name.startsWith('SIGRTMIN')
    ? SIGRTMIN + Number(realTime[1] ?? 0)
    : SIGRTMAX - Number(realTime[2] ?? 0)
  return number >= SIGRTMIN && number <= SIGRTMAX ? number : undefined
}

/** `SIGTERM` for 15, `SIGRTMIN+3` for 37. */
export function signalName(signal: number): string {
  if (signal === SIGRTMIN) return 'SIGRTMIN'
  if (signal > SIGRTMIN) return `SIGRTMIN+${signal - SIGRTMIN}`
  return nameByNumber.get(signal) ?? `signal ${signal}`
}

/** True for the numbers that a program can send or listen to: 1–31 and 34–64. */
function isSignal(signal: number): boolean {
  return (signal >= 1 && signal <= 31) || (signal >= SIGRTMIN && signal <= SIGRTMAX)
}
