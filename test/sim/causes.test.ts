import t from 'tap'
import { FakeWorld } from '../rig/fake-world.ts'
import { planOf, processSpec } from '../rig/specs.ts'

const SIGKILL = 9
const fullHeap = 'FATAL ERROR: Reached heap limit - JavaScript heap out of memory\n'

/** Two processes that run, and a kernel that has killed 7 before. */
function world(): FakeWorld {
  const made = new FakeWorld(planOf(processSpec('web'), processSpec('api')))
  made.oomKills = 7
  made.begin().execute(1).execute(2).turn()
  return made
}

/** How the runs are told to have ended, in order: `web.1 signal`, with the reason. */
function ends({ changes }: FakeWorld): string[] {
  return changes.flatMap((change) =>
    change.type === 'instance' && change.phase === 'stopping' && change.cause
      ? [[change.instance, change.cause, ...(change.reason ? [change.reason] : [])].join(' ')]
      : [],
  )
}

t.test('a kill that the kernel counts is its own', async (t) => {
  const w = world()
  w.oomKills = 8
  w.exit(1, 0, SIGKILL)
  t.same(ends(w), ['web.1 oom-killed'])
})

t.test('a kill that it does not count is somebody’s signal', async (t) => {
  const w = world()
  w.exit(1, 0, SIGKILL)
  t.same(ends(w), ['web.1 signal'])
})

t.test('two die in one turn, and the kernel has killed one: it may be either', async (t) => {
  const w = world()
  w.oomKills = 8
  w.end(w.run(1).pid, 0, SIGKILL).end(w.run(2).pid, 0, SIGKILL).turn()
  t.same(ends(w), ['web.1 signal possibly oom', 'api.1 signal possibly oom'])
})

t.test('two die in one turn, and the kernel has killed two', async (t) => {
  const w = world()
  w.oomKills = 9
  w.end(w.run(1).pid, 0, SIGKILL).end(w.run(2).pid, 0, SIGKILL).turn()
  t.same(ends(w), ['web.1 oom-killed', 'api.1 oom-killed'])
})

t.test('two that the kernel killed are told one after the other', async (t) => {
  const w = world()
  w.oomKills = 9
  w.exit(1, 0, SIGKILL).advance(300).exit(2, 0, SIGKILL)
  t.same(ends(w), ['web.1 oom-killed', 'api.1 oom-killed'])
})

t.test('one more than the kernel killed, a moment later, may be its victim', async (t) => {
  const w = world()
  w.oomKills = 8
  w.exit(1, 0, SIGKILL).advance(300).exit(2, 0, SIGKILL)
  t.same(ends(w), ['web.1 oom-killed', 'api.1 signal possibly oom'])
})

t.test('an orphan that was killed may have been the victim', async (t) => {
  const w = world()
  const orphan = w.fork(0)
  w.oomKills = 8
  w.end(orphan, 0, SIGKILL).end(w.run(1).pid, 0, SIGKILL).turn()
  t.same(ends(w), ['web.1 signal possibly oom'])
})

t.test('what the kernel counted long before has nothing to do with it', async (t) => {
  const w = world()
  w.oomKills = 8
  w.exit(2, 1)
  w.advance(5000).exit(1, 0, SIGKILL)
  t.same(ends(w), ['api.1 error', 'web.1 signal'])
})

t.test('what is counted is told late, when the victim had much to give back', async (t) => {
  const w = world()
  w.oomKills = 8
  w.exit(2, 1)
  w.advance(900).exit(1, 0, SIGKILL)
  t.same(ends(w), ['api.1 error', 'web.1 oom-killed'])
})

t.test('a shell that passes on the kill of its child says no more than that', async (t) => {
  const w = world()
  w.exit(1, 137)
  w.oomKills = 8
  w.exit(2, 137)
  t.same(ends(w), ['web.1 error', 'api.1 error possibly oom'])
})

t.test('without a counter a kill is a signal', async (t) => {
  const w = world()
  w.oomKills = undefined
  w.exit(1, 0, SIGKILL)
  w.oomKills = 9
  w.exit(2, 0, SIGKILL)
  t.same(ends(w), ['web.1 signal', 'api.1 signal'])
})

t.test('an end before the helper’s report keeps what was seen of it', async (t) => {
  const w = new FakeWorld(planOf(processSpec('web'))).begin().turn()
  w.oomKills = 1
  w.exit(1, 0, SIGKILL)
  t.same(ends(w), [])
  w.execute(1)
  t.same(ends(w), ['web.1 oom-killed'])
})

t.test('a full heap is known by the last words, of either stream', async (t) => {
  const w = world()
  w.run(1).words = { stdout: '', stderr: fullHeap }
  w.exit(1, 0, 6)
  w.run(2).words = { stdout: 'Terminating due to java.lang.OutOfMemoryError: x', stderr: '' }
  w.exit(2, 3)
  t.same(ends(w), ['web.1 heap-limit', 'api.1 heap-limit'])
})

t.test('words that cannot be read change nothing but the cause', async (t) => {
  const w = world()
  Object.defineProperty(w.run(1), 'words', {
    get() {
      throw new Error('no words')
    },
  })
  w.exit(1, 0, 6)
  t.same(ends(w), ['web.1 signal'])
  t.same(w.errors(), ['Error: no words'])
})
