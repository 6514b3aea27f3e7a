import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import type { Running } from './running.ts'

/** All that who listens at a port of 127.0.0.1, or at a path, says to a client that says no more than `request`. */
export async function ask(place: number | string, request = ''): Promise<string> {
  const client = typeof place === 'string' ? connect(place) : connect(place, '127.0.0.1')
  await once(client, 'connect')
  if (request !== '') client.write(request)
  return text(client)
}

/** The port that a socket has. */
export async function portOf(ringmaster: Running, socket: string): Promise<number> {
  const [, port] = await ringmaster.line(new RegExp(`sockets: .*\\b${socket} \\S+:(\\d+)`))
  return Number(port)
}

/** Asks all the time while children are killed 20 times: who has connected may be reset, and none is refused. */
export async function askWhileKilled(
  t: Test,
  ringmaster: Running,
  ask: () => Promise<string>,
): Promise<void> {
  const load = new AbortController()
  const outcomes = new Map<string, number>()
  const clients = Array.from({ length: 4 }, async () => {
    while (!load.signal.aborted) {
      const outcome = await ask().then(
        (answer) => (answer === '' ? 'nothing' : 'answer'),
        ({ code }: NodeJS.ErrnoException) => code ?? 'error',
      )
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    }
  })
  let kills = 0
  while (kills < 20) {
    const [pid] = ringmaster.children()
    if (pid !== undefined && kill(pid)) kills += 1
    const before = outcomes.get('answer') ?? 0
    await ringmaster.until(() => (outcomes.get('answer') ?? 0) > before + 20)
  }
  load.abort()
  await Promise.all(clients)
  t.comment(Object.fromEntries(outcomes))
  t.equal(outcomes.get('ECONNREFUSED'), undefined)
  const lost = [...outcomes].filter(([outcome]) => outcome !== 'answer')
  // Each had one connection at most that it had accepted.
  t.ok(lost.reduce((sum, [, count]) => sum + count, 0) <= kills, JSON.stringify(lost))
}

/** False: it has ended by itself meanwhile. */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}
