import { constants } from 'node:os'
import t from 'tap'
import { chooseSeed, createRandom } from '../../rig/random.ts'
import { createSinkParts } from '../../rig/sinks.ts'

t.test('partial writes never tear the lines of 100 writers, nor change their order', async (t) => {
  const seed = chooseSeed()
  const random = createRandom(seed)
  const { descriptor, clock, write, isFull, dropped } = createSinkParts()
  const counts = new Array<number>(100).fill(0)
  for (let turn = 0; turn < 20_000; turn += 1) {
    if (random() < 0.3) descriptor.room = random() < 0.2 ? 0 : Math.floor(random() * 300)
    if (random() < 0.2) clock.poll()
    if (random() < 0.1) clock.advance(random() * 20)
    if (isFull()) continue
    const writer = Math.floor(random() * 100)
    const lines = [0, 1, 2].slice(Math.floor(random() * 3)).map(() => {
      const count = counts[writer] ?? 0
      counts[writer] = count + 1
      return `${writer} ${count} ${'x'.repeat(random() * 60)}.\n`
    })
    write(lines.join(''))
  }
  descriptor.room = Infinity
  clock.poll()
  clock.advance(16)
  const seen = new Array<number>(100).fill(0)
  const wrong = descriptor
    .text()
    .split('\n')
    .slice(0, -1)
    .filter((line) => {
      const [, writer, count] = /^(\d+) (\d+) x*\.$/.exec(line) ?? []
      if (writer === undefined || Number(count) !== seen[Number(writer)]) return true
      seen[Number(writer)] = Number(count) + 1
      return false
    })
  t.same(wrong, [], `seed ${seed}`)
  t.same(seen, counts, `seed ${seed}`)
  t.equal(dropped.lines, 0, `seed ${seed}`)
})

t.test('whatever is refused, a line begins on its own and is written or counted', async (t) => {
  const seed = chooseSeed()
  const random = createRandom(seed)
  const { descriptor, clock, write, dropped } = createSinkParts()
  let lines = 0
  let refusals = 0
  for (let turn = 0; turn < 20_000; turn += 1) {
    if (random() < 0.3) descriptor.room = random() < 0.2 ? 0 : Math.floor(random() * 300)
    if (random() < 0.1) descriptor.errno = random() < 0.7 ? 0 : constants.errno.ENOSPC
    if (descriptor.errno !== 0) refusals += 1
    if (random() < 0.2) clock.poll()
    if (random() < 0.1) clock.advance(random() * 20)
    write(`<${lines} ${'x'.repeat(random() * 60)}>\n`)
    lines += 1
  }
  descriptor.errno = 0
  descriptor.room = Infinity
  clock.poll()
  clock.advance(16)
  const written = descriptor.text().split('\n').slice(0, -1)
  const whole = written.filter((line) => /^<\d+ x*>$/.test(line))
  const wrong = written.filter((line) => !/^<[^<]*$/.test(line))
  t.same(wrong, [], `seed ${seed}`)
  // Of a refused line, all but the newline may have been written.
  const both = whole.length + dropped.lines - lines
  t.ok(both >= 0 && both <= refusals, `seed ${seed}: ${both} of ${refusals}`)
  t.ok(written.length > whole.length, `seed ${seed}: some were torn`)
})
