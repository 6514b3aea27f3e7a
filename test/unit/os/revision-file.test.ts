import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { initialState } from '../../../src/core/initial-state.ts'
import type { Past } from '../../../src/core/state.ts'
import {
  mostBytes,
  readRevisions,
  whyNotKept,
  writeRevisions,
} from '../../../src/os/revision-file.ts'
import { planOf, processSpec } from '../../rig/specs.ts'
import { folder } from '../../rig/supervise.ts'

const isRoot = process.getuid?.() === 0
const needsRoot = { skip: !isRoot && 'not root' }

/** Of one process, with a variable of so many letters. */
function past(letters = 0): readonly Past[] {
  const spec = processSpec('web')
  const env = { TEXT: 'x'.repeat(letters) }
  const { courses } = initialState(planOf({ ...spec, template: { ...spec.template, env } }))
  return courses.map(({ process, revisions, nextRevision }) => {
    return { process, revisions, nextRevision }
  })
}

/** A folder in which revisions are kept, and what is told when it is read. */
async function kept(t: Test, one = past()) {
  const place = folder(t)
  await writeRevisions(place, one)
  const path = join(place, 'revisions.jsonl')
  const told: string[] = []
  const read = () => readRevisions(place, (problem) => void told.push(problem))
  return { place, path, told, read }
}

t.test('what is written is read, in a file that only its owner can read', async (t) => {
  const { place, path, told, read } = await kept(t)
  t.same(read(), past())
  t.same(readdirSync(place), ['revisions.jsonl'])
  t.equal(statSync(path).mode & 0o7777, 0o600)
  const { ino } = statSync(path)
  await writeRevisions(place, [])
  t.same(read(), [])
  t.not(statSync(path).ino, ino, 'it is another file')
  t.same(told, [])
})

t.test('the folder may be a link to one', async (t) => {
  const { place } = await kept(t, [])
  const link = join(folder(t), 'link')
  symlinkSync(place, link)
  await t.resolves(writeRevisions(link, past()))
  t.same(
    readRevisions(link, (problem) => t.fail(problem)),
    past(),
  )
})

t.test('without a file there is nothing to tell', async (t) => {
  const told: string[] = []
  const place = folder(t)
  t.same(
    readRevisions(place, (problem) => void told.push(problem)),
    [],
  )
  t.same([told, readdirSync(place)], [[], []])
})

t.test('a file that is not as it was written is set aside, once', async (t) => {
  const { place, path, told, read } = await kept(t)
  truncateSync(path, 700)
  const torn = readFileSync(path)
  t.same(read(), [])
  t.match(told, [/jsonl is set aside as .*jsonl\.bad: it is damaged, or not all of it was writ/])
  t.same(readdirSync(place), ['revisions.jsonl.bad'])
  t.same(readFileSync(`${path}.bad`), torn)
  t.same(read(), [])
  t.equal(told.length, 1)

  writeFileSync(path, '{"ringmaster":"revisions","version":9,"processes":0}\n')
  t.same(read(), [])
  t.match(told[1], 'of version 9, and this Ringmaster knows version 1')
  t.same(readdirSync(place), ['revisions.jsonl.bad'], 'the newest takes its place')
})

t.test('what is no file is not waited for, followed or read', async (t) => {
  for (const [make, why] of [
    [(path: string) => mkdirSync(path), /it is no file/],
    [(path: string) => symlinkSync(path.replace('jsonl', 'elsewhere'), path), /ELOOP/],
    [(path: string) => writeFileSync(path, Buffer.alloc(mostBytes + 1)), /more than 16777216/],
  ] as const) {
    const { place, path, told, read } = await kept(t)
    renameSync(path, join(place, 'revisions.elsewhere'))
    make(path)
    t.same(read(), [])
    t.match(told, [why])
    await writeRevisions(place, past())
    t.same(read(), past())
  }
})

t.test('what others could write is set aside', async (t) => {
  for (const [mode, isBelieved] of [
    [0o600, true],
    [0o644, true],
    // The kubelet does this where a pod has an fsGroup; root has rights that the group has not.
    [0o660, !isRoot],
    [0o606, false],
  ] as const) {
    const { path, told, read } = await kept(t)
    chmodSync(path, mode)
    t.same(read(), isBelieved ? past() : [], mode.toString(8))
    t.match(told, isBelieved ? [] : [new RegExp(`others may write it \\(mode ${mode.toString(8)}`)])
  }
})

t.test('what another user has written is set aside, but for root', needsRoot, async (t) => {
  const { path, told, read } = await kept(t)
  chownSync(path, 54_321, 0)
  t.same(read(), [])
  t.match(told, [/it is of user 54321/])
})

t.test('a start is refused where nothing can be kept, or read', needsRoot, async (t) => {
  const { place, path, read } = await kept(t)
  const refused = (why: RegExp) => t.throws(read, { code: 'START_REFUSED', message: why })
  const as = (uid: number, work: () => void) => {
    process.seteuid?.(uid)
    try {
      work()
    } finally {
      process.seteuid?.(0)
    }
  }
  as(54_321, () => refused(/stateDir \/.*: Ringmaster may not write there. Mount a .* user 54321/))
  chmodSync(place, 0o733)
  as(54_321, () => refused(/stateDir \/.*: Ringmaster may not read it\. /))
  chmodSync(place, 0o777)
  as(54_321, () => refused(/may not read its revisions\.jsonl/))
  chmodSync(path, 0o644)
  as(54_321, () => t.same(read(), past(), 'root has written it'))
  rmSync(place, { recursive: true })
  refused(/there is no such folder/)
  writeFileSync(place, '')
  refused(/it is no folder/)
  t.equal(whyNotKept(`${place}/x`), 'it is no folder')
})

t.test('a file that cannot be written leaves the one that was there', async (t) => {
  const { place, read } = await kept(t)
  await t.rejects(writeRevisions(place, past(mostBytes)), { message: /more than 16777216 bytes/ })
  t.same(readdirSync(place), ['revisions.jsonl'], 'nothing is left of it')
  t.same(read(), past())
  mkdirSync(join(place, 'revisions.jsonl.new'))
  await t.rejects(writeRevisions(place, []), { code: 'EISDIR' })
  t.same(read(), past())
  rmSync(place, { recursive: true })
  await t.rejects(writeRevisions(place, []), { code: 'ENOENT' })
  t.notOk(existsSync(place), 'a folder is not made')
})

t.test("what a Ringmaster that was killed has left is in nobody's way", async (t) => {
  const { place, path, told, read } = await kept(t)
  symlinkSync('/nowhere/else', `${path}.new`)
  await writeRevisions(place, [])
  t.same(readdirSync(place), ['revisions.jsonl'])
  writeFileSync(`${path}.new`, 'half of')
  t.same(read(), [])
  await writeRevisions(place, past())
  t.same(read(), past())
  t.same([told, readdirSync(place)], [[], ['revisions.jsonl']])
})

t.test('as much as may be written can be read', async (t) => {
  const { path, read } = await kept(t)
  const letters = mostBytes - statSync(path).size
  const { read: readMost, path: largest } = await kept(t, past(letters - 8))
  t.ok(statSync(largest).size > mostBytes - 100)
  t.same(readMost(), past(letters - 8))
  t.same(read(), past())
})
