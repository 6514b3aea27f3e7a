import { spawnSync } from 'node:child_process'
import {
  chownSync,
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
import t, { type Test } from 'tap'
import { readRevisions } from '../../src/os/revision-file.ts'
import { command } from '../rig/control.ts'
import { library } from '../rig/fixtures.ts'
import { chooseSeed, createRandom } from '../rig/random.ts'
import {
  alone,
  inNamespace,
  needsNamespace,
  type Setting,
  type Start,
  ways,
} from '../rig/ringmaster.ts'
import type { Running } from '../rig/running.ts'
import { folder, script } from '../rig/supervise.ts'

const isRoot = process.getuid?.() === 0
const web = (version: string, fields: object = {}) =>
  script('echo is $VERSION; exec sleep 1000', {
    ...{ env: { VERSION: version }, securityContext: { runAsUser: process.getuid?.() } },
    ...fields,
  })

/** A folder with a configuration, whose revisions are kept in `state` beside it. */
function place(t: Test) {
  const home = folder(t)
  const [state, file, socket] = ['state', 'ringmaster.yaml', 'socket'].map((name) =>
    join(home, name),
  ) as [string, string, string]
  mkdirSync(state)
  const write = (processes: object, fields: object = {}, path = file) => {
    const config = { http: false, control: { socket }, stateDir: 'state', ...fields, processes }
    writeFileSync(path, JSON.stringify(config))
    return path
  }
  const ask = (...args: string[]) => command([...args, '--socket', socket])
  return {
    ...{ state, file, write, ask, revisions: join(state, 'revisions.jsonl') },
    /** Starts on version `version` of web. */
    async start(version: string, how: Start = alone, setting: Setting = {}): Promise<Running> {
      write({ web: web(version) })
      const ringmaster = await how(t, ['run', file], setting)
      await ringmaster.line(new RegExp(`^web\\.1 \\| is ${version}$`))
      await ringmaster.until(() => existsSync(socket))
      return ringmaster
    },
    /** `NUMBER BY CHANGES` of each revision, the one of now with a star. */
    history: () =>
      ask('rollout', 'history')
        .stdout.split('\n')
        .slice(1, -1)
        .map((line) => line.split(/ {2,}/))
        .map(([, number, , , by, changes = '']) =>
          `${number} ${by?.split(' ')[0]} ${changes}`.trim(),
        ),
    /** Revisions as the next start would find them. */
    kept: () => readRevisions(state, (problem) => t.fail(problem)),
  }
}

async function stop(t: Test, ringmaster: Running): Promise<void> {
  ringmaster.signal('SIGTERM')
  t.match(await ringmaster.exit(), { code: 0 })
}

for (const { way, start: how, skip } of ways) {
  t.test(
    `revisions outlive a restart, and an undo goes back to them: ${way}`,
    { skip },
    async (t) => {
      const { start, write, ask, history, revisions, state, kept } = place(t)
      const first = await start('one', how)
      const two = write({ web: web('two') }, {}, `${state}.yaml`)
      t.match(ask('apply', '--wait', two), { code: 0 })
      await first.line(/^web\.1 \| is two$/)
      await stop(t, first)
      t.equal(statSync(revisions).mode & 0o7777, 0o600)
      t.same(readdirSync(state), ['revisions.jsonl'])

      const second = await start('three', how)
      t.match(history(), [/^1 start/, /^2 .* env$/, /^3\* start env$/], 'a start takes the file')
      t.match(ask('rollout', 'undo', 'web', '--to-revision', '2'), { code: 0 })
      await second.line(/^web\.1 \| is two$/)
      t.match(ask('rollout', 'status', 'web'), { code: 0, stdout: /web +complete +2 / })
      t.match(ask('rollout', 'undo', 'web', '--to-revision', '1'), { code: 0 })
      await second.line(/^web\.1 \| is one$/)
      t.match(ask('rollout', 'status', 'web'), { code: 0 })
      const order = () => kept()[0]?.revisions.map(({ number, isGood }) => isGood && number)
      await second.until(() => `${order()}` === '3,2,1')
      second.signal('SIGKILL')
      await second.exit()

      const third = await start('two', how)
      t.match(history(), [/^1 uid/, /^2\* start env$/, /^3 start env$/])
      t.notMatch(third.stdout + third.stderr, /set aside/)
      await stop(t, third)
    },
  )
}

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

t.test(
  'a folder that another Ringmaster uses refuses the start, until that has ended',
  async (t) => {
    const { start, file, write, state, revisions, kept } = place(t)
    const first = await start('one')
    await first.until(() => existsSync(revisions))
    const other = write({ web: web('two') }, { control: false }, `${state}.yaml`)
    const refused = async () => {
      const { code, stderr } = await (await alone(t, ['run', other])).end()
      t.equal(code, 78)
      t.match(
        stderr,
        /cannot keep revisions in stateDir \/.*\/state: another Ringmaster that runs does\. Give each/,
      )
    }
    await refused()
    first.signal('SIGHUP')
    await first.line(/the configuration is as it was/)
    await refused()
    t.match(kept(), [{ nextRevision: 2 }], 'nothing was written')
    // Whatever lives on of it has the folder no more.
    first.signal('SIGKILL')
    await first.exit()
    await stop(t, await start('three'))
    t.ok(existsSync(file))
  },
)

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

t.test(
  'the file is of the user that Ringmaster becomes, who has to be able to write',
  { skip: !isRoot && 'not root' },
  async (t) => {
    const { state, file, write, revisions } = place(t)
    const nobody = { securityContext: { runAsUser: 65_534 } }
    const logs = { logs: { level: 'debug' } }
    write({ web: web('one', nobody) }, logs)
    const kept = await alone(t, ['run', file])
    await kept.line(/stays the user it is: user 65534 cannot keep revisions in \/.*state/)
    await kept.until(() => existsSync(revisions))
    t.equal(statSync(revisions).uid, 0)
    await stop(t, kept)
    chownSync(state, 65_534, 65_534)
    rmSync(revisions)
    const dropped = await alone(t, ['run', file])
    await dropped.line(/ringmaster gave root up and is 65534:65534/)
    await dropped.until(() => existsSync(revisions))
    t.match(statSync(revisions), { uid: 65_534 })
    t.equal(statSync(revisions).mode & 0o7777, 0o600)
    await stop(t, dropped)
  },
)
