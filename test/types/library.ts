// Compiled and never run: what the library promises of its types.
import { createSupervisor, type ProcessStatus, RingmasterClient } from '../../src/index.ts'

export async function uses(): Promise<void> {
  const client = new RingmasterClient({ socket: '/run/app/socket' })
  const all: readonly ProcessStatus[] = await client.status(['web'])
  const phase: 'pending' | 'starting' | 'running' | 'backoff' | 'stopping' | undefined | string =
    all[0]?.instances[0]?.phase
  void phase
  const { instances, lastRun } = await client.restart(['web.1'])
  const { result } = await client.wait(instances, 'started', { after: lastRun, timeoutSeconds: 5 })
  if (result === 'done') await client.scale({ web: 3 })
  for await (const { text } of client.logs([], { follow: true, tail: 10 })) void text?.length
  const supervisor = await createSupervisor({
    config: { processes: { web: { command: ['web'] } } },
  })
  const code: number = await supervisor.shutdown()
  void code

  new RingmasterClient({ url: 'https://web:9100', token: 'x', ca: 'y' })

  // @ts-expect-error a URL takes a token
  new RingmasterClient({ url: 'https://web:9100' })
  // @ts-expect-error a goal is one of four
  await client.wait(['web'], 'happy')
  // @ts-expect-error names are a list
  await client.stop('web')
  // @ts-expect-error nobody has that phase
  void (all[0]?.instances[0]?.phase === 'sleeping')
  // @ts-expect-error replicas are numbers
  await client.scale({ web: '3' })
  // @ts-expect-error a supervisor has a configuration
  await createSupervisor({})
}
