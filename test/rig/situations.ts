import type { Fact } from '../../src/core/events.ts'
import { processSpec } from './specs.ts'
import { Story } from './story.ts'

const exit = (run: number, code: number, signal = 0): Fact => ({
  type: 'exited',
  run,
  status: { code, signal },
})
const refuse = (run: number, errno: string): Fact => ({
  type: 'spawnFailed',
  run,
  errno,
  step: 'fork',
})
const shutdown: Fact = { type: 'shutdown', reason: 'test', code: 3 }
const always = () => new Story(processSpec('web'))
/** Beside a process that goes on, so that the end of one is not the end of all. */
const besideOther = (restartPolicy: 'OnFailure' | 'Never') =>
  new Story(processSpec('web', { restartPolicy }), processSpec('other')).take({ type: 'begin' })

/** Every place where an instance (`web.1`, the live or last run is 1) can be; each call makes a new one. */
export const situations = {
  'pending, queued': () => always().take({ type: 'begin' }),
  'pending, refused': () => always().take({ type: 'begin' }, refuse(1, 'EAGAIN')),
  'pending, waiting': () =>
    new Story(
      processSpec('web', { dependsOn: [{ process: 'db', condition: 'ready' }] }),
      processSpec('db'),
    ).take({ type: 'begin' }),
  starting: () => always().take({ type: 'begin' }, { type: 'spawned', run: 1, pid: 101 }),
  'starting, refused': () =>
    always().take(
      { type: 'begin' },
      { type: 'spawned', run: 1, pid: 101 },
      { type: 'execFailed', run: 1, errno: 'ENOENT', step: 'exec' },
    ),
  running: () => always().take({ type: 'begin' }).run(1),
  'stopping by itself': () => always().take({ type: 'begin' }).run(1).take(exit(1, 3)),
  'stopping by itself, killed': () =>
    always()
      .take({ type: 'begin' })
      .run(1)
      .take(exit(1, 3), { type: 'deadline', key: 'web.1/kill' }),
  backoff: () => always().take({ type: 'begin' }, refuse(1, 'EPERM'), refuse(2, 'EPERM')),
  'stopping, queued': () => always().take({ type: 'begin' }, shutdown),
  'stopping, alive': () => always().take({ type: 'begin' }).run(1).take(shutdown),
  'stopping, killed': () =>
    always().take({ type: 'begin' }).run(1).take(shutdown, { type: 'deadline', key: 'web.1/kill' }),
  'stopping, ended': () => always().take({ type: 'begin' }).run(1).take(shutdown, exit(1, 0)),
  stopped: () =>
    always().take({ type: 'begin' }).run(1).take(shutdown, exit(1, 0), { type: 'emptied', run: 1 }),
  succeeded: () =>
    besideOther('OnFailure').run(1).run(2).take(exit(1, 0), { type: 'emptied', run: 1 }),
  failed: () => besideOther('Never').run(1).run(2).take(exit(1, 3), { type: 'emptied', run: 1 }),
} as const

export type Situation = keyof typeof situations

/** Everything that can happen to an instance whose run is `run`. */
export const happenings = {
  spawned: (run: number): Fact => ({ type: 'spawned', run, pid: 201 }),
  'refused for now': (run: number) => refuse(run, 'EAGAIN'),
  'refused for good': (run: number) => refuse(run, 'EPERM'),
  cancelled: (run: number) => refuse(run, 'ECANCELED'),
  executed: (run: number): Fact => ({ type: 'executed', run }),
  'exec failed': (run: number): Fact => ({
    type: 'execFailed',
    run,
    errno: 'ENOENT',
    step: 'exec',
  }),
  'exit 0': (run: number) => exit(run, 0),
  'exit 3': (run: number) => exit(run, 3),
  'ended by signal 9': (run: number) => exit(run, 0, 9),
  emptied: (run: number): Fact => ({ type: 'emptied', run }),
  'backoff over': (): Fact => ({ type: 'deadline', key: 'web.1/start' }),
  'grace over': (): Fact => ({ type: 'deadline', key: 'web.1/kill' }),
  stop: () => shutdown,
  'start wanted': (): Fact => ({ type: 'start', instances: ['web.1'], by: 'test' }),
  'stop wanted': (): Fact => ({ type: 'stop', instances: ['web.1'], by: 'test' }),
  'restart wanted': (): Fact => ({ type: 'restart', instances: ['web.1'], by: 'test' }),
} as const

export type Happening = keyof typeof happenings
