import t from 'tap'
import { createBacklog } from '../../../src/output/backlog.ts'
import { chooseSeed, createRandom } from '../../rig/random.ts'

const text = (pieces: readonly Uint8Array[]) => Buffer.concat(pieces).toString('latin1')

t.test(
  'bytes come out in the order in which they came in, and belong to who gave them',
  async (t) => {
    const backlog = createBacklog<string>()
    const taken: string[] = []
    backlog.add(Buffer.from('one\n'), 'a')
    backlog.add(Buffer.from('two\n'), 'a')
    backlog.add(Buffer.from('three\n'), 'b')
    t.equal(text(backlog.pieces(9)), 'one\ntwo\nthree\n')
    backlog.take(9, (owner) => taken.push(owner))
    t.same(taken, ['a', 'b'])
    t.equal(text(backlog.pieces(9)), 'hree\n')
    const dropped: [string, number][] = []
    backlog.drop((owner, _, lines) => dropped.push([owner, lines]))
    t.same(dropped, [['b', 1]])
    t.equal(backlog.length, 0)
    t.same(backlog.pieces(9), [])
  },
)

t.test('what was given may be changed afterwards', async (t) => {
  const backlog = createBacklog<string>()
  const memory = Buffer.from('one\n')
  backlog.add(memory, 'a')
  memory.fill('x')
  t.equal(text(backlog.pieces(9)), 'one\n')
})

t.test('however much comes and goes, all of it is there, and costs are given back', async (t) => {
  const seed = chooseSeed()
  const random = createRandom(seed)
  const below = (count: number) => Math.floor(random() * count)
  // Two, since blocks go from one to the other.
  const sides = [0, 1].map(() => ({
    backlog: createBacklog<string>(),
    wanted: '',
    cost: 0,
    next: 0,
  }))
  for (let round = 0; round < 1000; round += 1) {
    for (const side of sides) {
      const { backlog } = side
      for (let count = below(4); count > 0; count -= 1) {
        let bytes = ''
        const size = below(random() < 0.05 ? 200_000 : 2000)
        while (bytes.length < size) bytes += `${side.next++}\n`
        side.wanted += bytes
        if (bytes !== '') side.cost += backlog.add(Buffer.from(bytes), `${below(3)}`)
      }
      const pieces = text(backlog.pieces(below(6)))
      if (!side.wanted.startsWith(pieces)) t.fail(`seed ${seed}: other bytes`)
      const count = below(pieces.length + 1)
      let lines = 0
      if (random() < 0.05) {
        const ends = side.wanted.split('\n').length - 1
        backlog.drop((_, cost, ended) => {
          side.cost -= cost
          lines += ended
        })
        if (lines !== ends) t.equal(lines, ends, `seed ${seed}`)
        side.wanted = ''
      } else {
        backlog.take(count, (_, cost) => (side.cost -= cost))
        side.wanted = side.wanted.slice(count)
      }
      if (backlog.length !== side.wanted.length) t.fail(`seed ${seed}: ${backlog.length} bytes`)
      if (side.wanted === '' && side.cost !== 0) t.fail(`seed ${seed}: ${side.cost} are left`)
    }
  }
  t.pass(`seed ${seed}`)
})
