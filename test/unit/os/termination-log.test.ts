import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openTerminationLog } from '../../../src/os/termination-log.ts'

t.test('the file has the last message alone, and no more than is read of it', async (t) => {
  const path = join(t.testdir({ message: 'what was there '.repeat(1000) }), 'message')
  const write = openTerminationLog({ RINGMASTER_TERMINATION_LOG: path })
  t.equal(readFileSync(path, 'utf8').length, 15_000, 'nothing happens before the end')
  write('first\n')
  write('then\n')
  t.equal(readFileSync(path, 'utf8'), 'then\n')
  for (const [before, whole] of [
    [4095, 4095],
    [4094, 4094],
    [4093, 4096],
  ] as const) {
    write(`${'x'.repeat(before)}€uro`)
    t.equal(readFileSync(path).length, whole, 'a character is whole or missing')
  }
})

t.test('without a file there is no message, and no error', async (t) => {
  const folder = t.testdir({ message: 'kept' })
  const path = join(folder, 'message')
  const fifo = join(folder, 'fifo')
  t.equal(spawnSync('mkfifo', [fifo]).status, 0)
  mkdirSync(join(folder, 'closed'), { mode: 0 })
  for (const name of ['missing', 'fifo', 'closed', 'closed/message', '.', 'message/of/what']) {
    openTerminationLog({ RINGMASTER_TERMINATION_LOG: join(folder, name) })('lost')
    t.equal(existsSync(join(folder, 'missing')), false, 'it is not created')
  }
  for (const name of ['/dev/null', '/dev/full', '/proc/self/status', 'x'.repeat(5000)]) {
    openTerminationLog({ RINGMASTER_TERMINATION_LOG: name })('lost')
  }
  openTerminationLog({})('lost')
  chmodSync(path, 0o400)
  openTerminationLog({ RINGMASTER_TERMINATION_LOG: path })('lost')
  if (process.getuid?.() !== 0) t.equal(readFileSync(path, 'utf8'), 'kept')
  writeFileSync(path, '')
})
