import t from 'tap'
import { suggest } from '../../../src/lib/names.ts'

const known = ['command', 'args', 'env', 'workingDir', 'replicas', 'restartPolicy', 'stopSignal']

t.test('the nearest known word is suggested, and none where none is near', async (t) => {
  for (const [word, near] of [
    ['replica', 'replicas'],
    ['workingdir', 'workingDir'],
    ['comand', 'command'],
    ['agrs', 'args'],
    ['envs', 'env'],
    ['restartPolcy', 'restartPolicy'],
    ['stop-signal', 'stopSignal'],
    ['image', undefined],
    ['', undefined],
    ['__proto__', undefined],
    ['replicas'.repeat(10), undefined],
  ] as const) {
    t.equal(suggest(word, known), near, word)
  }
})
