import { closeSync, writeSync } from 'node:fs'
import t from 'tap'
import { stayAlive } from '../../rig/pipes.ts'
import { createGatedOutput, createJoinedRun, createRun, writeAndWait } from '../../rig/streams.ts'

stayAlive(t)

t.test('each run has its own format, on one sink', async (t) => {
  const { joined, out } = createGatedOutput()
  const ended = (['prefix', 'json', 'raw'] as const).map((format) => {
    const { source, stdoutEnd, stderrEnd, close } = createRun(format, format)
    writeSync(stdoutEnd, 'out\n')
    writeSync(stderrEnd, 'err\n')
    close()
    return new Promise<void>((resolve) => joined.attach(source, resolve))
  })
  await Promise.all(ended)
  const lines = out().trimEnd().split('\n')
  t.same(lines.filter((line) => !line.startsWith('{')).sort(), [
    ...['err', 'out', 'prefix | err', 'prefix | out'],
  ])
  t.match(
    lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line)),
    [
      { instance: 'json', stream: 'stdout', line: 'out' },
      { instance: 'json', stream: 'stderr', line: 'err' },
    ],
  )
})

t.test('raw output is what the child wrote', async (t) => {
  const { output, out } = createGatedOutput()
  const { source, stdoutEnd, close } = createRun('web.1', 'raw')
  const bytes = Buffer.from(Array.from({ length: 10_000 }, (_, i) => (i * 7) % 256))
  writeSync(stdoutEnd, bytes)
  close()
  await new Promise<void>((resolve) => output.attach(source, resolve))
  t.equal(out(), `${bytes.toString('latin1')}\n`)
})

const pieces: readonly {
  readonly rule: string
  readonly writes: readonly string[]
  readonly lines: readonly string[]
}[] = [
  {
    rule: 'a character that came in two reads is one',
    writes: ['\xe2\x82', '\xac and \xf0\x9f', '\x8e', '\xaa\n'],
    lines: ['€ and 🎪'],
  },
  { rule: 'NUL bytes are kept', writes: ['a\0b\n\0\n'], lines: ['a\0b', '\0'] },
  {
    rule: 'a carriage return belongs to its line',
    writes: ['one\r', '\ntwo\r\n'],
    lines: ['one\r', 'two\r'],
  },
  { rule: 'a last line needs no newline', writes: ['one\n', 'tw', 'o'], lines: ['one', 'two'] },
  {
    rule: 'a line of more than 64 KiB comes in marked pieces',
    writes: ['x'.repeat(40_000), 'y'.repeat(40_000), '\nnext\n'],
    lines: [`${'x'.repeat(40_000)}${'y'.repeat(25_536)}[...]`, 'y'.repeat(14_464), 'next'],
  },
]
for (const { rule, writes, lines } of pieces) {
  for (const format of ['raw', 'json'] as const) {
    t.test(`${format}: ${rule}`, async (t) => {
      const { output, out } = createGatedOutput()
      const { source, stdoutEnd, close } = createRun('web.1', format)
      const ended = new Promise<void>((resolve) => output.attach(source, resolve))
      // Each is a read of its own.
      for (const text of writes) await writeAndWait(output, source, stdoutEnd, text)
      close()
      await ended
      const seen = Buffer.from(out(), 'latin1').toString().split('\n').slice(0, -1)
      t.same(format === 'raw' ? seen : seen.map((line) => JSON.parse(line).line), lines)
    })
  }
}

t.test('lines are split and stripped as the plan has it, in every format', async (t) => {
  const { joined, out } = createGatedOutput({ stripsAnsi: true, maxLineBytes: 16 })
  const ended = (['prefix', 'json', 'raw'] as const).map((format) => {
    const { source, end } = createJoinedRun(format, format)
    writeSync(end, `\x1b[31mred\x1b[0m\n${'x'.repeat(20)}\n`)
    closeSync(end)
    return new Promise<void>((resolve) => joined.attach(source, resolve))
  })
  await Promise.all(ended)
  const lines = ['red', `${'x'.repeat(16)}[...]`, 'xxxx']
  const written = out().trimEnd().split('\n')
  t.same(
    written.filter((line) => line.startsWith('prefix')),
    lines.map((line) => `prefix | ${line}`),
  )
  t.same(
    written.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line).line),
    lines,
  )
  t.same(
    written.filter((line) => lines.includes(line)),
    lines,
  )
})

t.test('a prefix has the colour of its process, on the stream that has colours', async (t) => {
  const { output, out, err } = createGatedOutput({}, { stderr: () => 36 })
  const { source, stdoutEnd, stderrEnd, close } = createRun()
  writeSync(stdoutEnd, 'out\n')
  writeSync(stderrEnd, 'err\n')
  close()
  await new Promise<void>((resolve) => output.attach(source, resolve))
  t.equal(out(), 'web.1 | out\n')
  t.equal(err(), '\x1b[36mweb.1 |\x1b[0m err\n')
})
