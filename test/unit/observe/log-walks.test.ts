import assert from 'node:assert/strict'
import t from 'tap'
import type { Change } from '../../../src/core/changes.ts'
import { createLog } from '../../../src/observe/log.ts'
import { chooseSeed } from '../../rig/random.ts'
import { walk } from '../../rig/walk/walk.ts'

const seed = chooseSeed()
const walks = Number(process.env['RINGMASTER_WALKS'] ?? 200)
/** Ends that somebody should look at. */
const bad = ['error', 'signal', 'oom-killed', 'heap-limit', 'exec-failed', 'grace-exceeded']

t.test('every change of every walk is one line that says of whom, when and why', async (t) => {
  const messages = new Set<string>()
  for (let number = seed; number < seed + walks; number++) {
    for (const change of walk(number, number % 100).changes) {
      const [json, short] = [print(change, false), print(change, true)]
      const line = JSON.parse(json)
      try {
        assert.equal(line.time, new Date(change.at.wallMs).toISOString())
        assert.doesNotMatch(line.msg, /undefined|null|NaN|\[object/)
        assert.match(line.msg, /^\S.*\S$/)
        assert.ok(short.endsWith(`${line.msg}\n`))
        check(change, line)
      } catch (error) {
        throw new Error(`RINGMASTER_SEED=${number} RINGMASTER_WALKS=1 shows: ${json}`, {
          cause: error,
        })
      }
      messages.add(line.msg)
    }
  }
  t.ok(messages.size > 20, `${messages.size} messages of ${walks} walks from seed ${seed}`)
})

/** The one line of `change`. */
function print(change: Change, isTerminal: boolean): string {
  const lines: string[] = []
  const write = (line: string) => lines.push(line)
  createLog({ write, isTerminal, wallMs: () => 0, level: 'debug' }).change(change)
  assert.equal(lines.length, 1)
  assert.match(lines[0] ?? '', /^[^\n]+\n$/)
  return lines[0] ?? ''
}

function check(change: Change, line: Record<string, unknown>): void {
  if (change.type === 'supervisor') {
    assert.equal(line['phase'], change.phase)
    assert.equal(line['level'], change.code === 0 ? 'info' : 'error')
  }
  if (change.type !== 'instance') return
  const { process, instance, run, pid, phase, previous, cause, status } = change
  assert.deepEqual(
    [line['process'], line['instance'], line['run'], line['pid'], line['phase'], line['previous']],
    [process, instance, run, pid, phase, previous],
  )
  assert.equal(line['cause'], cause)
  assert.equal(line['code'], status?.signal === 0 ? status.code : undefined)
  assert.equal('signal' in line, status !== undefined && status.signal !== 0)
  assert.ok(String(line['msg']).includes(instance))
  if (phase === 'failed') assert.equal(line['level'], 'error')
  else if (phase === 'stopping' && cause !== undefined && bad.includes(cause)) {
    assert.equal(line['level'], 'warn')
  } else if (cause === undefined && change.refused === undefined) {
    assert.match(String(line['level']), /^(debug|info)$/)
  }
}
