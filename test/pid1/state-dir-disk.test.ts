import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { library } from '../rig/fixtures.ts'
import { chooseSeed, createRandom } from '../rig/random.ts'
import { alone, inNamespace, needsNamespace } from '../rig/ringmaster.ts'
import { place, stop, web } from '../rig/state-dir.ts'

const isRoot = process.getuid?.() === 0

t.test('SIGKILL at any time leaves a whole file, with all that was kept before', async (t) => {
  const seed = chooseSeed()
  const random = createRandom(seed)
  const { write, file, kept, revisions } = place(t)
  /** Another grace is another revision, and no other run. Long texts make writing take its time. */
  const config = (grace: number) => {
    const names = Array.from({ length: 20 }, (_, index) => `p${index}`)
    const env = { LONG: 'x'.repeat(20_000) }
    const fields = { terminationGracePeriodSeconds: grace, autoStart: false, env }
    write({ web: web('one'), ...Object.fromEntries(names.map((name) => [name, web('', fields)])) })
  }
  let [grace, last, interrupted] = [0, 0, 0]
  for (let start = 0; start < 12; start++) {
    config(++grace)
    const ringmaster = await alone(t, ['run', file])
    await ringmaster.line(/^web\.1 \| is one$/)
    for (let change = 0; change < 3; change++) {
      config(++grace)
      ringmaster.signal('SIGHUP')
      await ringmaster.line(/p19 update/)
    }
    // When it happens is what is tried out.
    await new Promise((resolve) => setTimeout(resolve, random() * 100))
    ringmaster.signal('SIGKILL')
    await ringmaster.exit()
    t.notMatch(ringmaster.stdout + ringmaster.stderr, /set aside|cannot/)
    if (existsSync(`${revisions}.new`)) interrupted += 1
    const past = kept()
    const newest = past.map((one) => one.revisions.at(-1)?.number ?? 0).slice(1)
    // None at all where it was the first write that did not end.
    t.ok(new Set(newest).size <= 1, `all of one time (seed ${seed})`)
    t.ok((newest[0] ?? 0) >= last, `never fewer: ${newest[0]} after ${last}`)
    last = newest[0] ?? 0
  }
  t.ok(last > 5, `${last} revisions`)
  t.comment(`${interrupted} of 12 were killed while they wrote; seed ${seed}`)
})

t.test('a torn file is set aside with a line in the log, and revisions begin anew', async (t) => {
  const { start, revisions, history, kept } = place(t)
  await stop(t, await start('one'))
  truncateSync(revisions, statSync(revisions).size - 1)
  const torn = readFileSync(revisions)
  const ringmaster = await start('two')
  await ringmaster.line(/jsonl is set aside as .*jsonl\.bad: it is damaged, or not all of it was/)
  t.match(history(), [/^1\* start$/])
  t.same(readFileSync(`${revisions}.bad`), torn)
  await stop(t, ringmaster)
  t.match(kept(), [{ nextRevision: 2 }])
})

t.test('a folder that is not there refuses the start', async (t) => {
  const { file, write, state } = place(t)
  write({ web: web('one') })
  rmSync(state, { recursive: true })
  const { code, stderr } = await (await alone(t, ['run', file])).end()
  t.equal(code, 78)
  t.match(stderr, /cannot keep revisions in stateDir \/.*\/state: there is no such folder\. Mount/)
})

t.test('a folder that vanishes is told once, and used again when it is back', async (t) => {
  const { start, state, ask, write, kept } = place(t)
  const ringmaster = await start('one')
  await ringmaster.until(() => existsSync(join(state, 'revisions.jsonl')))
  rmSync(state, { recursive: true })
  const two = write({ web: web('two') }, {}, `${state}.yaml`)
  t.match(ask('apply', '--wait', two), { code: 0 })
  await ringmaster.line(/cannot keep revisions in .*state: ENOENT.* They live on in memory/)
  mkdirSync(state)
  await ringmaster.line(/revisions are kept in .*state again/)
  t.match(kept(), [{ nextRevision: 3 }])
  await stop(t, ringmaster)
  t.equal(`${ringmaster.stdout}${ringmaster.stderr}`.split('cannot keep').length, 2)
})

t.test('a disk that hangs, and one that fails, hold up nothing', async (t) => {
  const { start, state, ask, write, kept } = place(t)
  const says = join(state, '..', 'says')
  const env = { LD_PRELOAD: library('fsync-library'), FSYNC_FILE: says }
  const ringmaster = await start('one', alone, { env })
  await ringmaster.until(() => kept().length === 1)
  writeFileSync(says, 'hang')
  const two = write({ web: web('two') }, {}, `${state}.yaml`)
  t.match(ask('apply', '--wait', two), { code: 0 })
  await ringmaster.until(() => existsSync(`${says}.hangs`))
  t.match(ask('rollout', 'undo', 'web'), { code: 0 })
  await ringmaster.line(/^web\.1 \| is one$/)
  t.match(kept(), [{ nextRevision: 2 }], 'the file that was there stays')
  writeFileSync(says, 'EIO')
  await ringmaster.line(/cannot keep revisions in .*: EIO/)
  writeFileSync(says, '')
  await ringmaster.line(/revisions are kept in .* again/)
  t.match(kept(), [{ nextRevision: 3 }])

  writeFileSync(says, 'hang')
  t.match(ask('rollout', 'undo', 'web'), { code: 0 })
  await ringmaster.line(/^web\.1 \| is two$/)
  await ringmaster.until(() => existsSync(`${says}.hangs`))
  await stop(t, ringmaster)
  t.match(kept(), [{ nextRevision: 3 }])
})

t.test(
  'a disk that is full, or read-only, is told and holds up nothing',
  { skip: needsNamespace || (!isRoot && 'only root mounts') },
  async (t) => {
    const { start, state, ask, write } = place(t)
    const mount = `mount -t tmpfs -o size=64k none ${state} && exec "$@"`
    const by = ['unshare', '-m', 'sh', '-c', mount, 'sh']
    const ringmaster = await start('one', inNamespace, { by })
    const inside = join('/proc', `${ringmaster.pid}`, 'root', state)
    const kept = join(inside, 'revisions.jsonl')
    const size = () => statSync(kept).size
    await ringmaster.until(() => existsSync(kept))
    const before = size()
    const full = join(inside, 'full')
    t.throws(() => writeFileSync(full, Buffer.alloc(100_000)), { code: 'ENOSPC' })
    const two = write({ web: web('two') }, {}, `${state}.yaml`)
    t.match(ask('apply', '--wait', two), { code: 0 })
    await ringmaster.line(/cannot keep revisions in .*: ENOSPC/)
    t.same([readdirSync(inside).sort(), size()], [['full', 'revisions.jsonl'], before])
    rmSync(full)
    await ringmaster.line(/revisions are kept in .* again/)
    t.ok(size() > before)
    const remount = ['-t', `${ringmaster.pid}`, '-m', 'mount', '-o', 'remount,ro', state]
    t.equal(spawnSync('nsenter', remount).status, 0)
    t.match(ask('rollout', 'undo', 'web'), { code: 0 })
    await ringmaster.line(/cannot keep revisions in .*: EROFS/)
    await stop(t, ringmaster)
  },
)
