import type { Clue, Fact, Notice } from '../../../src/core/events.ts'
import type { Draws } from './draws.ts'
import { specOf } from './move.ts'
import type { Answer, Scene } from './scene.ts'
import { endRun, SIGKILL, type WorldRun } from './world.ts'

/** What can come of a run now: executed or refused before its end, emptied when asked for, output at any time. */
export function answersOfRun(scene: Scene, run: WorldRun): Answer[] {
  return [
    ...answersOfStart(scene, run),
    ...(run.place === 'alive' ? answersOfLife(scene, run) : []),
    ...answersOfRest(scene, run),
  ]
}

function answersOfStart({ draws, world }: Scene, run: WorldRun): Answer[] {
  switch (run.place) {
    case 'lane':
      return [
        () => {
          run.place = draws.below(4) === 0 ? 'refused' : 'born'
          return null
        },
      ]
    case 'refused':
    case 'cancelled':
      return [
        () => {
          world.runs.delete(run.run)
          const passing = draws.oneOf(['EAGAIN', 'ENOMEM', 'E2BIG'])
          const errno = run.place === 'cancelled' ? 'ECANCELED' : passing
          return { type: 'spawnFailed', run: run.run, errno, step: 'fork' }
        },
      ]
    case 'born':
      return [
        () => {
          run.place = 'alive'
          run.isOutputOpen = true
          return { type: 'spawned', run: run.run, pid: 100 + run.run }
        },
      ]
    case 'alive':
    case 'ended':
      return []
  }
}

function answersOfLife(scene: Scene, run: WorldRun): Answer[] {
  const { draws, world, standing, isEnding } = scene
  const { memoryLimitBytes, probes } = specOf(standing, run.instance)
  const answers: Answer[] = []
  if (!run.isReported) answers.push(() => report(draws, run))
  // Some do not care for their stop signal.
  const mayEnd = run.isReported && (!isEnding || run.isAsked)
  if (mayEnd && (run.isKilled || run.run % 3 > 0)) answers.push(() => exit(draws, run))
  if (run.isReported && memoryLimitBytes !== null) {
    answers.push(() => ({ type: 'overMemoryLimit', run: run.run, bytes: memoryLimitBytes + 1 }))
  }
  if (draws.below(3) === 0) {
    answers.push(() => {
      const notice = drawNotice(draws)
      const isReady = notice.state === 'ready' && probes.readiness?.by === 'notify'
      if (isReady) world.passed.add(run.run)
      return { type: 'notified', run: run.run, notice }
    })
  }
  return answers
}

/** Of what is left when the main process has ended, and of the output. */
function answersOfRest({ world }: Scene, run: WorldRun): Answer[] {
  const answers: Answer[] = []
  const isGone = run.place === 'ended' && run.isTreeAsked
  if (isGone && (run.isKilled || run.run % 5 > 0)) {
    answers.push(() => {
      endRun(world, run)
      return { type: 'emptied', run: run.run }
    })
  }
  if (run.isOutputOpen) {
    answers.push(() => {
      run.isOutputOpen = false
      world.runs.delete(-run.run)
      return { type: 'outputEnded', run: run.run }
    })
  }
  return answers
}

function report(draws: Draws, run: WorldRun): Fact {
  run.isReported = true
  return draws.below(4) > 0
    ? { type: 'executed', run: run.run }
    : { type: 'execFailed', run: run.run, errno: 'ENOENT', step: 'exec' }
}

function exit({ oneOf }: Draws, run: WorldRun): Fact {
  run.place = 'ended'
  const status = oneOf([
    { code: 0, signal: 0 },
    { code: 3, signal: 0 },
    { code: 0, signal: 9 },
    { code: 0, signal: 15 },
  ])
  const seen = oneOf<{ readonly clue?: Clue }>(
    status.signal === SIGKILL
      ? [{ clue: 'oom-kill' }, { clue: 'possible-oom-kill' }, {}]
      : [{ clue: 'heap-limit' }, {}, {}],
  )
  return { type: 'exited', run: run.run, status, ...seen }
}

/** Some say that they are ready, some of these go back on it, and some ask for more time again and again. */
function drawNotice({ oneOf }: Draws): Notice {
  const state = oneOf(['ready', 'ready', 'reloading', 'stopping'] as const)
  return oneOf<Notice>([
    { state },
    { state, status: oneOf(['', 'one', 'two']) },
    { status: oneOf(['', 'one', 'two', 'three']) },
    { watchdog: 'alive' },
    { watchdog: 'alive' },
    { watchdog: 'failed' },
    { watchdogMs: oneOf([0, 100, 3000]) },
    { extendMs: oneOf([0, 10, 100, 60_000]) },
  ])
}
