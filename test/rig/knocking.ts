import { get, type RequestOptions } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

/** Somebody who asks again and again. */
export interface Knocking {
  /** How many were answered so far. */
  readonly answers: number
  /** Ends it; what came of those that were not answered as they should, each once. */
  end(): Promise<readonly string[]>
}

/** Asks with a connection of its own, one a millisecond, whoever is still waiting. All are to be answered with 200. */
export function knock(request: RequestOptions): Knocking {
  const outcomes = new Map<string, number>()
  const waiting = new Set<Promise<void>>()
  let isOver = false
  const done = (async () => {
    while (!isOver) {
      const one = askOnce(request)
        .catch((error: NodeJS.ErrnoException) => error.code ?? error.message)
        .then((outcome) => {
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
          waiting.delete(one)
        })
      waiting.add(one)
      // What is asked is bounded, on a machine that has other things to do, too.
      if (waiting.size > 20) await Promise.race(waiting)
      await sleep(1)
    }
    await Promise.all(waiting)
  })()
  return {
    get answers() {
      return outcomes.get('200') ?? 0
    },
    async end() {
      isOver = true
      await done
      return [...outcomes.keys()].filter((outcome) => outcome !== '200')
    },
  }
}

/** The status of the answer. */
export function askOnce(request: RequestOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ ...request, agent: false }, (response) => {
      // Also of one that is cut off.
      text(response).then(() => resolve(`${response.statusCode}`), reject)
    }).once('error', reject)
  })
}
