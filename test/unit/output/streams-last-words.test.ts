import { spawn } from 'node:child_process'
import { writeSync } from 'node:fs'
import { constants } from 'node:os'
import t from 'tap'
import { stayAlive } from '../../rig/pipes.ts'
import { createGatedOutput, createRun, fill, filler, fillers } from '../../rig/streams.ts'
import { until } from '../../rig/wait.ts'

stayAlive(t)

t.test('the last words of a child that is killed come through', async (t) => {
  const { output, out, err } = createGatedOutput()
  const { source, stdoutEnd, stderrEnd, close } = createRun()
  const child = spawn('sh', ['-c', 'printf half; printf "last words" >&2; kill -9 $$'], {
    stdio: ['ignore', stdoutEnd, stderrEnd],
  })
  close()
  await new Promise<void>((resolve) => output.attach(source, resolve))
  t.equal(out(), 'web.1 | half\n')
  t.equal(err(), 'web.1 | last words\n')
  await until(() => child.signalCode === 'SIGKILL')
})

t.test('the last words are those of this run, also what is still in the pipe', async (t) => {
  const { output, err } = createGatedOutput()
  const first = createRun()
  let ended = 0
  const old = output.attach(first.source, () => {
    ended += 1
  })
  writeSync(first.stderrEnd, 'of the first run\n')
  t.same(old.lastWords(), { stdout: '', stderr: 'of the first run\n' })
  first.close()
  await until(() => ended === 1)
  const { source, stdoutEnd, stderrEnd, close } = createRun()
  const stream = output.attach(source, () => {
    ended += 1
  })
  writeSync(stdoutEnd, 'out')
  writeSync(stderrEnd, 'err 1\nerr 2')
  t.same(stream.lastWords(), { stdout: 'out', stderr: 'err 1\nerr 2' })
  t.match(err(), /\| err 1\n$/, 'they are passed on as ever')
  close()
  await until(() => ended === 2)
  t.same(stream.lastWords(), { stdout: 'out', stderr: 'err 1\nerr 2' }, 'also at the end')
  t.match(err(), /\| err 1\n.*\| err 2\n$/)
})

t.test('the last words of a run are there until the next one begins', async (t) => {
  const { output } = createGatedOutput()
  const nothing = { stdout: '', stderr: '' }
  t.same(output.lastWordsOf('web.1', 1), nothing)
  const first = createRun()
  let ended = 0
  const end = () => {
    ended += 1
  }
  output.attach(first.source, end)
  writeSync(first.stdoutEnd, 'one')
  t.same(output.lastWordsOf('web.1', first.source.run), { stdout: 'one', stderr: '' }, 'unread')
  t.same(output.lastWordsOf('web.2', first.source.run), nothing)
  t.same(output.lastWordsOf('web.1', first.source.run + 1), nothing)
  writeSync(first.stderrEnd, 'two')
  first.close()
  await until(() => ended === 1)
  t.same(output.lastWordsOf('web.1', first.source.run), { stdout: 'one', stderr: 'two' }, 'ended')
  const second = createRun()
  output.attach({ ...second.source, run: first.source.run + 1 }, end)
  t.same(output.lastWordsOf('web.1', first.source.run), nothing)
  t.same(output.lastWordsOf('web.1', first.source.run + 1), nothing, 'it has written nothing')
  second.close()
  await until(() => ended === 2)
})

/** A run whose output goes to a sink that is full until it is let go on. */
async function heldUp() {
  const { output, out, gate, clock } = createGatedOutput()
  gate.errno = constants.errno.EAGAIN
  await fill(output)
  const goOn = () => {
    gate.errno = 0
    clock.advance(16)
  }
  return { ...createRun('web.1', 'raw'), output, out, goOn }
}

t.test('the last words are read also while the sink is full, and kept for it', async (t) => {
  const { output, out, goOn, source, stdoutEnd, close } = await heldUp()
  const ended = new Promise<void>((resolve) => {
    const stream = output.attach(source, resolve)
    writeSync(stdoutEnd, 'last words\n')
    t.same(stream.lastWords(), { stdout: 'last words\n', stderr: '' })
  })
  goOn()
  close()
  await ended
  t.equal(out(), `${filler.repeat(fillers)}last words\n`)
})

t.test('a release while the sink is full keeps the last words', async (t) => {
  const { output, out, goOn, source, stdoutEnd, close } = await heldUp()
  await new Promise<void>((resolve) => {
    const stream = output.attach(source, resolve)
    writeSync(stdoutEnd, 'last words\n')
    stream.release()
  })
  goOn()
  t.equal(out(), `${filler.repeat(fillers)}last words\n`)
  close()
})
