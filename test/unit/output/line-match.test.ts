import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { createLineMatch } from '../../../src/output/line-match.ts'
import { createManualClock } from '../../rig/manual-clock.ts'

/** A match by a pattern that looks at `texts` and takes `tookMs` for each. */
async function create(matches: (text: string) => boolean, tookMs = 0) {
  const clock = createManualClock()
  const texts: string[] = []
  const pattern = {
    test(text: string) {
      clock.advance(tookMs)
      texts.push(text)
      return matches(text)
    },
  }
  let loaded = (): void => {}
  const match = createLineMatch({
    clock,
    pattern: new Promise((resolve) => {
      loaded = () => resolve(pattern)
    }),
  })
  let count = 0
  match.onMatch(() => {
    count += 1
  })
  const push = (text: string) => match.push(Buffer.from(text, 'latin1'))
  const load = async () => {
    loaded()
    await turn()
  }
  return {
    clock,
    texts,
    match: { push, end: match.end, onMatch: match.onMatch },
    hasMatched: () => match.hasMatched,
    load,
    told: () => count,
  }
}

const never = () => false

t.test('each line is looked at until one matches, and none after that', async (t) => {
  const { clock, texts, match, hasMatched, load, told } = await create((text) => text === 'ready')
  await load()
  match.push('one\ntwo\n')
  match.push('three\nready\nlater\n')
  t.same(texts, ['one', 'two', 'three', 'ready'])
  t.equal(hasMatched(), true)
  t.equal(told(), 0, 'not before push() returns')
  match.push('more\n')
  clock.poll()
  t.equal(told(), 1)
  t.equal(texts.length, 4)
  let again = 0
  match.onMatch(() => {
    again += 1
  })
  t.equal(again, 0)
  clock.poll()
  t.equal(again, 1, 'who asks later hears of it too')
})

t.test('lines wait for the pattern, but not too many', async (t) => {
  const { texts, match, load } = await create(never)
  const long = `${'x'.repeat(600_000)}\n`
  match.push('first\n')
  match.push(long)
  match.push(long)
  match.push('last\n')
  await load()
  t.same(
    texts.map((text) => text.length),
    ['first'.length, 2048, 'last'.length],
  )
})

t.test('a line is looked at as a person sees it, from its begin', async (t) => {
  const { texts, match, load } = await create(never)
  await load()
  match.push(Buffer.from('\x1b[32mgrün\x1b[0m ✓\r\n\n').toString('latin1'))
  match.push(`${'y'.repeat(3000)}\n`)
  t.same(texts, ['grün ✓', '', 'y'.repeat(2048)])
})

t.test('a slow pattern has 8 ms of a turn', async (t) => {
  const { clock, texts, match, load, told } = await create((text) => text === '9', 3)
  await load()
  match.push('1\n2\n3\n4\n5\n')
  t.same(texts, ['1', '2', '3'])
  match.push('6\n7\n8\n9\n')
  t.equal(texts.length, 3, 'what comes meanwhile waits for the next turn')
  clock.poll()
  t.equal(texts.length, 6)
  clock.poll()
  t.equal(texts.at(-1), '9')
  clock.poll()
  t.equal(told(), 1)
})

t.test('the end of a run ends the looking', async (t) => {
  const { clock, texts, match, load, told } = await create(() => true, 3)
  match.push('1\n')
  match.end()
  await load()
  match.push('2\n')
  clock.poll()
  t.same(texts, [])
  t.equal(told(), 0)
})
