import t from 'tap'
import type { Share } from '../../../src/plan/process-spec.ts'
import { surgeOf, toStrategy, unavailableOf } from '../../../src/plan/strategy.ts'

const counts = (replicas: number, maxSurge: Share, maxUnavailable: Share, mostReplicas = 1000) => {
  const strategy = { type: 'RollingUpdate', maxSurge, maxUnavailable } as const
  const spec = { strategy, replicas, mostReplicas }
  return [surgeOf(spec), unavailableOf(spec)]
}

t.test('a share is rounded up for a surge, and down for what may be missing', async (t) => {
  t.same(counts(5, '25%', '25%'), [2, 1])
  t.same(counts(10, '30%', '100%'), [3, 10])
  t.same(counts(3, 2, 7), [2, 3])
})

t.test('where both come to nothing one may be missing', async (t) => {
  t.same(counts(3, 0, '10%'), [0, 1])
  t.same(counts(1, 1, 0, 1), [0, 1], 'a surge for which there is no room is none')
})

t.test('instances that share a socket can be one more, others one less', async (t) => {
  const command = ['a'] as [string]
  const rolling = (maxSurge: Share, maxUnavailable: Share) => {
    return { type: 'RollingUpdate', maxSurge, maxUnavailable }
  }
  t.same(toStrategy({ command }), rolling(0, 1))
  t.same(toStrategy({ command, sockets: ['web'] }), rolling(1, 0))
  t.same(toStrategy({ command, strategy: { maxSurge: '50%' } }), rolling('50%', 1))
  const recreate = toStrategy({ command, strategy: { type: 'Recreate' } })
  t.same(recreate, { type: 'Recreate' })
  const spec = { strategy: recreate, replicas: 3, mostReplicas: 1000 }
  t.same([surgeOf(spec), unavailableOf(spec)], [0, 1])
})
