import t from 'tap'
import { walkGraphs } from '../rig/graph-walk.ts'

t.test(
  'processes that depend on each other start and stop in order, and in time, ten thousand times',
  async (t) => {
    t.pass(walkGraphs(10_000))
  },
)
