import t from 'tap'
import { createTail } from '../../../src/output/tail.ts'
import { createRandom } from '../../rig/random.ts'

t.test('a tail has the last bytes, and begins with a line where something is cut', async (t) => {
  const tail = createTail(10)
  t.equal(tail.text(), '')
  tail.push(Buffer.from('ab\ncd\n', 'latin1'))
  t.equal(tail.text(), 'ab\ncd\n')
  tail.push(Buffer.from('efgh', 'latin1'))
  t.equal(tail.text(), 'ab\ncd\nefgh')
  tail.push(Buffer.from('i', 'latin1'))
  t.equal(tail.text(), 'cd\nefghi')
  tail.push(Buffer.from('x'.repeat(25), 'latin1'))
  t.equal(tail.text(), 'xxxxxxxxxx', 'one line that is too long is cut')
  tail.push(Buffer.from('0123456\n8\n', 'latin1'))
  t.equal(tail.text(), '8\n')
  tail.push(Buffer.from('0123456789abc\n', 'latin1'))
  t.equal(tail.text(), '456789abc\n', 'also one that has ended')
})

t.test('a tail tells what came since, such as what one run wrote', async (t) => {
  const tail = createTail(10)
  tail.push(Buffer.from('old\n', 'latin1'))
  const since = 4
  t.equal(tail.text(since), '')
  tail.push(Buffer.from('new', 'latin1'))
  t.equal(tail.text(since), 'new')
  tail.push(Buffer.from('er\n12345', 'latin1'))
  t.equal(tail.text(since), '12345')
})

t.test('however the pieces are, the tail is that of the whole', async (t) => {
  const seed = Date.now()
  const random = createRandom(seed)
  for (let round = 0; round < 300; round++) {
    const limit = 1 + Math.floor(random() * 40)
    const tail = createTail(limit)
    let all = ''
    for (let count = Math.floor(random() * 12); count > 0; count--) {
      const piece = Array.from({ length: Math.floor(random() * 30) }, () =>
        random() < 0.2 ? '\n' : String.fromCharCode(32 + Math.floor(random() * 224)),
      ).join('')
      tail.push(Buffer.from(piece, 'latin1'))
      all += piece
    }
    const last = all.slice(-limit)
    const whole = last.slice(last.indexOf('\n') + 1)
    const wanted = all.length > limit && whole !== '' ? whole : last
    if (tail.text() !== wanted) t.equal(tail.text(), wanted, `seed ${seed}, round ${round}`)
  }
  t.pass(`seed ${seed}`)
})
