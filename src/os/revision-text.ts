import type { Past } from '../core/state.ts'
import { native } from './native.ts'

/** To be raised when a spec has other fields: what was kept before is then set aside, and not taken for what it is not. */
const version = 1

/** The text of revisions, in pieces: a line that says how many follow, then one a process, each of them JSON. */
export function* encode(past: readonly Past[]): Generator<Uint8Array> {
  yield Buffer.from(headOf(past.length))
  for (const one of past) {
    const fields = Buffer.from(`${JSON.stringify(one).slice(1)}\n`)
    yield Buffer.concat([Buffer.from(beginningOf(fields)), fields])
  }
}

/** What was kept; a text where it is not what Ringmaster has written, or not all of it: why. */
export function decode(bytes: Buffer): readonly Past[] | string {
  const [head, ...lines] = linesOf(bytes)
  const text = head?.toString('latin1') ?? ''
  const [, written] = /^\{"ringmaster":"revisions","version":(\d+),/.exec(text) ?? []
  if (written === undefined) return 'it is not of Ringmaster, or damaged'
  if (Number(written) !== version) {
    return `it is of version ${written}, and this Ringmaster knows version ${version}`
  }
  const whole = lines.flatMap((line) => fieldsOf(line) ?? [])
  if (text !== headOf(lines.length) || whole.length < lines.length) {
    return 'it is damaged, or not all of it was written'
  }
  return whole.map((fields) => JSON.parse(`{${fields}`))
}

function headOf(processes: number): string {
  return `{"ringmaster":"revisions","version":${version},"processes":${processes}}\n`
}

function beginningOf(fields: Uint8Array): string {
  return `{"checksum":${native().checksum(fields)},`
}

/** What is behind the checksum; undefined where that is another. */
function fieldsOf(line: Buffer): Buffer | undefined {
  const end = line.indexOf(',') + 1
  const fields = line.subarray(end)
  return line.toString('latin1', 0, end) === beginningOf(fields) ? fields : undefined
}

/** Each with its newline, which the last one may lack. */
function linesOf(bytes: Buffer): readonly Buffer[] {
  const lines: Buffer[] = []
  for (let start = 0, end = 0; start < bytes.length; start = end) {
    end = bytes.indexOf('\n', start) + 1 || bytes.length
    lines.push(bytes.subarray(start, end))
  }
  return lines
}
