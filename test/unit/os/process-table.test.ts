import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { createProcessTable } from '../../../src/os/process-table.ts'
import { childrenOf, statOf } from '../../../src/os/procfs.ts'
import { fixture } from '../../rig/fixtures.ts'
import { descendants } from '../../rig/proc.ts'

const table = createProcessTable()
const [SIGUSR1, SIGKILL, SIGRTMIN, SIGRTMAX] = [10, 9, 34, 64]

/** Starts a fixture that says when it is ready. */
async function start(
  t: Pick<Test, 'teardown'>,
  name: string,
  words: readonly string[],
): Promise<{ readonly child: ChildProcess; readonly pid: number }> {
  const child = spawn(fixture(name), words, { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => {
    for (const { pid } of descendants(child.pid ?? 0)) process.kill(pid, 'SIGKILL')
    child.kill('SIGKILL')
  })
  await once(child.stdout, 'data')
  return { child, pid: child.pid ?? 0 }
}

for (const [word, isHandled] of [
  ['handle', true],
  ['ignore', false],
  ['block', false],
  ['default', false],
] as const) {
  for (const signal of [SIGUSR1, 1, SIGRTMIN, SIGRTMAX]) {
    t.test(
      `a process with signal ${signal} on ${word} has ${isHandled ? 'a' : 'no'} handler`,
      async (t) => {
        const { pid } = await start(t, 'disposition', [word, `${signal}`])
        t.equal(table.handles(pid, signal), isHandled)
        t.equal(table.handles(pid, signal === SIGRTMAX ? 63 : signal + 1), false)
      },
    )
  }
}

t.test('a handler that nobody can tell of is none', async (t) => {
  const { child, pid } = await start(t, 'disposition', ['handle', `${SIGUSR1}`])
  child.kill('SIGKILL')
  await once(child, 'exit')
  t.equal(table.handles(pid, SIGUSR1), false)
})

t.test(
  'a signal goes to a process or to its group, and one that is gone is no error',
  async (t) => {
    const { child, pid } = await start(t, 'disposition', ['default', '1'])
    t.doesNotThrow(() => table.signal(pid, SIGUSR1, 'group'), 'it leads none')
    table.signal(pid, SIGUSR1)
    t.same(await once(child, 'exit'), [null, 'SIGUSR1'])
    t.doesNotThrow(() => table.signal(pid, SIGKILL))
  },
)

t.test('a member gets its signal unless it was started at another time', async (t) => {
  const { child, pid } = await start(t, 'disposition', ['default', '1'])
  const startTicks = statOf(pid)?.startTicks ?? 0
  table.signalMember({ pid, group: pid, startTicks: startTicks - 1 }, SIGKILL)
  table.signalMember({ pid, group: pid, startTicks: 0 }, SIGKILL)
  table.signalMember({ pid, group: pid, startTicks }, SIGUSR1)
  t.same(await once(child, 'exit'), [null, 'SIGUSR1'])
  t.doesNotThrow(() => table.signalMember({ pid, group: pid, startTicks }, SIGKILL))
})

t.test('signals to members leave no descriptors behind', async (t) => {
  const { pid } = await start(t, 'disposition', ['handle', `${SIGUSR1}`])
  const startTicks = statOf(pid)?.startTicks ?? 0
  // More than a process may have open.
  for (let i = 0; i < 100_000; i++)
    table.signalMember({ pid, group: pid, startTicks: i % 2 ? startTicks : 1 }, 0)
  t.equal(statOf(pid)?.isAlive, true)
})

t.test('/proc/PID/stat is read behind the name, whatever that holds', async (t) => {
  const { pid } = await start(t, 'family', ['=) Z 1 2 (', '*2'])
  const plain = await start(t, 'family', [])
  const stat = statOf(pid)
  t.match(stat, { isAlive: true, isKernelThread: false, group: statOf(process.pid)?.group })
  t.ok((stat?.startTicks ?? 0) <= (statOf(plain.pid)?.startTicks ?? 0))
  t.equal([...childrenOf(pid)].length, 2)
})

t.test('a process that has only lost its first thread lives', async (t) => {
  const { pid } = await start(t, 'family', ['headless'])
  t.equal(statOf(pid)?.isAlive, true)
})

t.test('a zombie does not live', async (t) => {
  const { pid } = await start(t, 'family', ['*1'])
  const [child = 0] = childrenOf(pid)
  process.kill(child, 'SIGKILL')
  while (statOf(child)?.isAlive) await new Promise((resolve) => setImmediate(resolve))
  t.match(statOf(child), { isAlive: false })
})

t.test('a thread of the kernel is told apart', async (t) => {
  // In a PID namespace of ours 2 is an ordinary process, or none.
  const comm = existsSync('/proc/2/comm') ? readFileSync('/proc/2/comm', 'utf8') : ''
  t.equal(statOf(2)?.isKernelThread ?? false, comm === 'kthreadd\n')
  t.match(statOf(process.pid), { isKernelThread: false })
})
