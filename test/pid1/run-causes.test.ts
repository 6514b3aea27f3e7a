import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { alone, unless, ways } from '../rig/ringmaster.ts'
import { script, supervise } from '../rig/supervise.ts'
import { until } from '../rig/wait.ts'

/** Says what Node.js says, behind much else, and ends as it does. */
const fullHeap = script(
  'head -c 60000 /dev/zero | tr "\\0" "\\n" >&2; echo "FATAL ERROR: Reached heap limit - JavaScript heap out of memory" >&2; kill -ABRT $$',
)

for (const { way, start, skip } of ways) {
  t.test(`${way}: the cause of an end is in the log`, { skip }, async (t) => {
    const ringmaster = await supervise(t, start, {
      processes: {
        heap: {
          command: [
            process.execPath,
            '--max-old-space-size=20',
            '-e',
            'const a = []; for (;;) a.push({ x: [1] })',
          ],
          backoff: { initialSeconds: 1000 },
        },
        shout: fullHeap,
        quiet: { ...fullHeap, logs: { stderr: 'discard' } },
        gone: script('kill -KILL $$'),
        failed: script('exit 3'),
        missing: { command: ['/nowhere/to/be/found'] },
      },
    })
    const ended = async (name: string, cause: string) => {
      const pattern = `"instance":"${name}\\.1".*"phase":"(?:stopping|backoff)".*"cause":"([^"]+)"`
      t.equal((await ringmaster.line(new RegExp(pattern)))[1], cause, name)
    }
    await ended('heap', 'heap-limit')
    await ended('shout', 'heap-limit')
    await ended('quiet', 'signal')
    await ended('gone', 'signal')
    await ended('failed', 'error')
    await ended('missing', 'exec-failed')
    ringmaster.signal('SIGTERM')
    t.match(await ringmaster.end(), { code: 0 })
  })
}

const parent = findParent()
const needsGroup = unless(parent !== undefined, 'cgroups cannot be made here')

t.test('what the kernel kills for want of memory is known', { skip: needsGroup }, async (t) => {
  const folder = join(parent?.folder ?? '', `ringmaster-test-${process.pid}`)
  mkdirSync(folder)
  t.teardown(() => until(() => removed(folder)))
  writeFileSync(join(folder, parent?.limit ?? ''), `${200 << 20}`)
  // While the hog is being ended, which takes its time on a busy machine, the kernel may choose another, by size: not Ringmaster then.
  const victim = 'sh -c "echo 900 > /proc/self/oom_score_adj; exec sleep 1000" > /dev/null 2>&1 &'
  const enter = ['sh', '-c', `echo $$ > ${folder}/cgroup.procs; ${victim}${victim} exec "$@"`, 'sh']
  const once = { restartPolicy: 'Never', essential: false }
  const ringmaster = await supervise(
    t,
    alone,
    {
      processes: {
        // A line that never ends: it keeps all of it.
        hog: { command: ['tail', '/dev/zero'], ...once, resources: { oomScoreAdj: 1000 } },
        gone: script('exec sleep 1000', once),
      },
    },
    { by: enter },
  )
  const hog = await ringmaster.line(/"instance":"hog\.1".*"cause":"([^"]+)"/)
  t.equal(hog[1], 'oom-killed')
  const pid = Number((await ringmaster.line(/"pid":(\d+).*"msg":"gone\.1 runs/))[1])
  process.kill(pid, 'SIGKILL')
  const gone = await ringmaster.line(/"instance":"gone\.1".*"cause":"([^"]+)"/)
  t.equal(gone[1], 'signal')
  t.match(await ringmaster.end(), { code: 137 })
})

/** A group is busy until the last that ended in it is gone. */
function removed(folder: string): boolean {
  try {
    rmdirSync(folder)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error
    return false
  }
}

interface Parent {
  readonly folder: string
  readonly limit: string
}

/** Where a group with a limit can be made: below our own, or in v2, where a group has processes or a limit to share, below the first. */
function findParent(): Parent | undefined {
  const v1 = /^\d+:memory:(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1]
  const parent =
    v1 === undefined
      ? { folder: '/sys/fs/cgroup', limit: 'memory.max' }
      : { folder: join('/sys/fs/cgroup/memory', v1), limit: 'memory.limit_in_bytes' }
  try {
    accessSync(parent.folder, constants.W_OK)
    return parent
  } catch {
    return undefined
  }
}
