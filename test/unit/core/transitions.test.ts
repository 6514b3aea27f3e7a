import t from 'tap'
import { type Happening, happenings, type Situation, situations } from '../../rig/situations.ts'
import { words } from '../../rig/story.ts'

/** Where a happening means something: the phase that follows (with the cause of the run's end), and the effects. */
const table: readonly (readonly [Situation, Happening, string])[] = [
  ['pending, queued', 'spawned', 'starting'],
  ['pending, queued', 'refused for now', 'pending, start 1500'],
  ['pending, queued', 'refused for good', 'pending, spawn 2'],
  ['pending, queued', 'stop', 'stopping (stop-requested), cancelSpawn 1'],
  ['pending, refused', 'backoff over', 'pending, spawn 2'],
  ['pending, refused', 'stop', 'stopped, start off, sweep 2000, sweep 15'],
  ['pending, waiting', 'stop', 'stopped, start off, cancelSpawn 1'],
  ['starting', 'executed', 'running'],
  ['starting', 'exec failed', 'starting (exec-failed)'],
  ['starting', 'stop', 'stopping (stop-requested), signal 1 15, kill 11000'],
  ['starting, refused', 'exit 0', 'stopping (exec-failed), endTree 1 15, kill 11000'],
  ['starting, refused', 'exit 3', 'stopping (exec-failed), endTree 1 15, kill 11000'],
  ['starting, refused', 'ended by signal 9', 'stopping (exec-failed), endTree 1 15, kill 11000'],
  ['starting, refused', 'stop', 'stopping (exec-failed), signal 1 15, kill 11000'],
  ['running', 'exit 0', 'stopping (completed), endTree 1 15, kill 11000'],
  ['running', 'exit 3', 'stopping (error), endTree 1 15, kill 11000'],
  ['running', 'ended by signal 9', 'stopping (signal), endTree 1 15, kill 11000'],
  ['running', 'stop', 'stopping (stop-requested), signal 1 15, kill 11000'],
  ['stopping by itself', 'emptied', 'pending, kill off, spawn 2'],
  ['stopping by itself', 'grace over', 'stopping (error), kill off, endTree 1 9'],
  ['stopping by itself', 'stop', 'stopping (error)'],
  ['stopping by itself, killed', 'emptied', 'pending, kill off, spawn 2'],
  ['stopping by itself, killed', 'stop', 'stopping (error)'],
  ['backoff', 'backoff over', 'pending, spawn 3'],
  ['backoff', 'stop', 'stopped, start off, sweep 2000, sweep 15'],
  ['stopping, queued', 'spawned', 'stopping (stop-requested), signal 1 15, kill 11000'],
  ['stopping, queued', 'refused for now', 'stopped, sweep 2000, sweep 15'],
  ['stopping, queued', 'refused for good', 'stopped, sweep 2000, sweep 15'],
  ['stopping, queued', 'cancelled', 'stopped, sweep 2000, sweep 15'],
  ['stopping, alive', 'exec failed', 'stopping (stop-requested)'],
  ['stopping, alive', 'exit 0', 'stopping (stop-requested), endTree 1 15'],
  ['stopping, alive', 'exit 3', 'stopping (stop-requested), endTree 1 15'],
  ['stopping, alive', 'ended by signal 9', 'stopping (stop-requested), endTree 1 15'],
  ['stopping, alive', 'grace over', 'stopping (grace-exceeded), kill off, signal 1 9'],
  ['stopping, killed', 'exec failed', 'stopping (grace-exceeded)'],
  ['stopping, killed', 'exit 0', 'stopping (grace-exceeded), endTree 1 9'],
  ['stopping, killed', 'exit 3', 'stopping (grace-exceeded), endTree 1 9'],
  ['stopping, killed', 'ended by signal 9', 'stopping (grace-exceeded), endTree 1 9'],
  ['stopping, ended', 'emptied', 'stopped, kill off, sweep 2000, sweep 15'],
  ['stopping, ended', 'grace over', 'stopping (grace-exceeded), kill off, endTree 1 9'],
  ['succeeded', 'stop', 'succeeded, signal 2 15, kill 11000'],
  ['pending, queued', 'start wanted', 'pending'],
  ['pending, queued', 'stop wanted', 'stopping (stop-requested), cancelSpawn 1'],
  ['pending, queued', 'restart wanted', 'pending'],
  ['pending, refused', 'start wanted', 'pending, start off, spawn 2'],
  ['pending, refused', 'stop wanted', 'stopped, start off'],
  ['pending, refused', 'restart wanted', 'pending, start off, spawn 2'],
  ['pending, waiting', 'start wanted', 'pending'],
  ['pending, waiting', 'stop wanted', 'stopped, start off'],
  ['pending, waiting', 'restart wanted', 'pending'],
  ['starting', 'start wanted', 'starting'],
  ['starting', 'stop wanted', 'stopping (stop-requested), signal 1 15, kill 11000'],
  ['starting', 'restart wanted', 'stopping (stop-requested), signal 1 15, kill 11000'],
  ['starting, refused', 'start wanted', 'starting (exec-failed)'],
  ['starting, refused', 'stop wanted', 'stopping (exec-failed), signal 1 15, kill 11000'],
  ['starting, refused', 'restart wanted', 'stopping (exec-failed), signal 1 15, kill 11000'],
  ['running', 'start wanted', 'running'],
  ['running', 'stop wanted', 'stopping (stop-requested), signal 1 15, kill 11000'],
  ['running', 'restart wanted', 'stopping (stop-requested), signal 1 15, kill 11000'],
  ['stopping by itself', 'start wanted', 'stopping (error)'],
  ['stopping by itself', 'stop wanted', 'stopping (error)'],
  ['stopping by itself', 'restart wanted', 'stopping (error)'],
  ['stopping by itself, killed', 'start wanted', 'stopping (error)'],
  ['stopping by itself, killed', 'stop wanted', 'stopping (error)'],
  ['stopping by itself, killed', 'restart wanted', 'stopping (error)'],
  ['backoff', 'start wanted', 'pending, start off, spawn 3'],
  ['backoff', 'stop wanted', 'stopped, start off'],
  ['backoff', 'restart wanted', 'pending, start off, spawn 3'],
  ['succeeded', 'start wanted', 'pending, spawn 3'],
  ['succeeded', 'stop wanted', 'succeeded'],
  ['succeeded', 'restart wanted', 'pending, spawn 3'],
]

/** What the runtime never posts: each run reports once whether its command is executed, and before its end. */
const impossible: readonly (readonly [Situation, Happening])[] = [
  ['pending, queued', 'cancelled'],
  ['starting', 'exit 0'],
  ['starting', 'exit 3'],
  ['starting', 'ended by signal 9'],
  ['starting, refused', 'executed'],
  ['running', 'exec failed'],
]

const all = Object.keys(situations).flatMap((situation) =>
  Object.keys(happenings).map((happening) => [situation, happening] as [Situation, Happening]),
)

t.test('each happening in each phase leads to what the table says', async (t) => {
  for (const [situation, happening, expected] of table) {
    t.equal(outcome(situation, happening), expected, `${situation}: ${happening}`)
  }
})

t.test('what is not in the table is dropped: no effect, no change, the same state', async (t) => {
  for (const [situation, happening] of all) {
    const isThis = ([one, two]: readonly unknown[]) => one === situation && two === happening
    if (table.some(isThis) || impossible.some(isThis)) continue
    t.equal(outcome(situation, happening), 'dropped', `${situation}: ${happening}`)
  }
})

t.test('an event of an older run is dropped, whatever it says', async (t) => {
  for (const [situation, happening] of all) {
    if (happenings[happening].length === 0) continue
    t.equal(outcome(situation, happening, 77), 'dropped', `${situation}: ${happening}`)
  }
})

/** What follows when `happening` befalls the last run, or the run given. */
function outcome(situation: Situation, happening: Happening, givenRun?: number): string {
  const story = situations[situation]()
  const { state } = story
  const { live, last } = story.instance()
  story.take(happenings[happening](givenRun ?? live?.run ?? last?.run ?? 0))
  const isSame = JSON.stringify(story.state) === JSON.stringify(state)
  if (isSame && story.effects.length === 0 && story.changes.length === 0) return 'dropped'
  const { phase, live: now } = story.instance()
  return [now?.cause ? `${phase} (${now.cause})` : phase, ...words(story)].join(', ')
}
