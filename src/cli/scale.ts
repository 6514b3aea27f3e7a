import { clientUsage, parseClientArgs } from './connect.ts'
import { inVain } from './in-vain.ts'
import { print } from './print.ts'
import { statusTable } from './status.ts'
import { parseSeconds, usageError } from './usage.ts'

const scaleUsage = `Usage: ringmaster scale [OPTION]... NAME=N...

Has each process NAME have N instances, and waits until they have started, and those that are too many are gone. Those with the highest
numbers go first.

      --no-wait              do not wait
      --timeout SECONDS      wait so long at most, 60 if not given; exit code 1 after that
${clientUsage}`

const flags = { 'no-wait': { type: 'boolean' }, timeout: { type: 'string' } } as const

/** Carries out `ringmaster scale ARGS`; returns what it prints. */
export async function scaleCommand(args: readonly string[]): Promise<string> {
  const { values, names: words, connect, format } = parseClientArgs('scale', args, flags)
  if (values.help) return scaleUsage
  if (words.length === 0) throw usageError('scale', 'no NAME=N')
  const replicas = Object.fromEntries(words.map(parseWord))
  const timeoutSeconds = parseSeconds('scale', 'timeout', values.timeout ?? '60')
  const client = connect()
  await client.scale(replicas)
  const names = Object.keys(replicas)
  const growing = names.filter((name) => (replicas[name] ?? 0) > 0)
  const waits = [
    [growing, 'started'],
    [names.filter((name) => replicas[name] === 0), 'stopped'],
  ] as const
  for (const [some, goal] of values['no-wait'] ? [] : waits) {
    if (some.length === 0) continue
    const waited = await client.wait(some, goal, { timeoutSeconds })
    if (waited.result !== 'done') throw inVain('scale', goal, waited, timeoutSeconds)
  }
  return print(format, await client.status(names), (all) => statusTable(all, Date.now()))
}

function parseWord(word: string): readonly [string, number] {
  const [, name, count] = /^([^=]+)=(\d{1,6})$/.exec(word) ?? []
  if (name === undefined) throw usageError('scale', `"${word}" is not NAME=N`)
  return [name, Number(count)]
}
