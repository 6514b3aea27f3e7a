import { createHash } from 'node:crypto'
import t from 'tap'
import { initialState } from '../../../src/core/initial-state.ts'
import type { Past } from '../../../src/core/state.ts'
import { decode, encode } from '../../../src/os/revision-text.ts'
import { fullPlan, unwritten } from '../../rig/full-config.ts'
import { planOf, processSpec } from '../../rig/specs.ts'

const textOf = (past: readonly Past[]) => Buffer.concat([...encode(past)])
const pastOf = ({ courses }: ReturnType<typeof initialState>): readonly Past[] =>
  courses.map(({ process, revisions, nextRevision }) => ({ process, revisions, nextRevision }))
const small = pastOf(
  initialState(planOf(processSpec('web', { replicas: 3 }), processSpec('größe-"🐘"'))),
)

t.test('a plan with every field that a process can have comes back as it was', async (t) => {
  t.same(unwritten(), [], 'every field is written')
  const past = pastOf(initialState(await fullPlan()))
  t.strictSame(decode(textOf(past)), past)
})

t.test('the version tells of the fields that a spec has', async (t) => {
  const paths = new Set<string>()
  const collect = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) paths.add(path)
    else if (Array.isArray(value)) for (const item of value) collect(item, `${path}[]`)
    else for (const [name, field] of Object.entries(value)) collect(field, `${path}.${name}`)
  }
  for (const { process: _, ...one } of pastOf(initialState(await fullPlan()))) collect(one, '')
  const digest = createHash('sha256')
    .update([...paths].sort().join('\n'))
    .digest('hex')
  t.equal(
    digest.slice(0, 16),
    '8bc62491701b4b3e',
    'raise `version` in src/os/revision-text.ts: what was kept has other fields; then write this here',
  )
  t.match(textOf([]).toString(), /"version":1,/)
})

t.test('nothing, and many processes', async (t) => {
  t.strictSame(decode(textOf([])), [])
  const many = pastOf(
    initialState(planOf(...Array.from({ length: 300 }, (_, index) => processSpec(`p${index}`)))),
  )
  t.strictSame(decode(textOf(many)), many)
})

t.test('a text that ends early is noticed, wherever it ends', async (t) => {
  const whole = textOf(small)
  const believed = Array.from(whole, (_, length) => decode(whole.subarray(0, length)))
  t.same(new Set(believed.map((one) => typeof one)), new Set(['string']))
})

t.test('each byte that is damaged is noticed', async (t) => {
  const whole = textOf(small)
  for (const flip of [0x01, 0x20, 0xff]) {
    const believed = Array.from(whole, (byte, at) => {
      const text = Buffer.from(whole)
      text[at] = byte ^ flip
      return typeof decode(text)
    })
    t.same(new Set(believed), new Set(['string']))
  }
})

t.test('what was added, taken out, doubled or moved is noticed', async (t) => {
  const [head = '', one = '', two = ''] = textOf(small)
    .toString()
    .split(/(?<=\n)/)
  for (const text of [
    ...['', '\n', '{}', 'x', head, head + one, head + one + two + one, head + one + one + two],
    ...[`${head}${one}${two} `, `${head}${one}\n${two}`, ` ${head}${one}${two}`, one + head + two],
    ...[head.replace('2}', '02}') + one + two, head.replace('1,', '01,') + one + two],
    head + one.replace('"checksum":', '"checksum":0') + two,
  ]) {
    t.type(decode(Buffer.from(text)), 'string', JSON.stringify(text.slice(0, 80)))
  }
  t.strictSame(decode(Buffer.from(head + two + one)), [...small].reverse())
})

t.test('a text of another version is told from a damaged one', async (t) => {
  const text = textOf(small).toString()
  const other = decode(Buffer.from(text.replace('"version":1', '"version":2')))
  t.equal(other, 'it is of version 2, and this Ringmaster knows version 1')
  t.equal(decode(Buffer.from(text.slice(0, -1))), 'it is damaged, or not all of it was written')
  t.equal(decode(Buffer.from('[]')), 'it is not of Ringmaster, or damaged')
})
