import { setTimeout as sleep } from 'node:timers/promises'
import { isSupervisorError, SupervisorError } from '../lib/errors.ts'
import { type LaunchOptions, launch } from '../os/launch.ts'
import { RingmasterClient } from './client.ts'

export interface SupervisorOptions extends Pick<LaunchOptions, 'config' | 'env'> {
  /** What becomes of its log and of what its processes write; `inherit` if not given. */
  readonly output?: 'inherit' | 'ignore'
}

/** A Ringmaster of our own. */
export interface Supervisor {
  readonly pid: number
  readonly client: RingmasterClient
  /** Resolves with its exit code, however it ends. */
  readonly ended: Promise<number>
  /** Ends it in order; resolves with its exit code. */
  shutdown(): Promise<number>
}

/**
 * Starts a Ringmaster as a child, on files or on what would stand in one, and resolves when it can be asked. It is a process of
 * its own: signals, children and exit codes of this one stay as they are. Rejects with `START_REFUSED` when it ends before that.
 */
export async function createSupervisor(options: SupervisorOptions): Promise<Supervisor> {
  const { pid, socket, ended } = launch({ output: 'inherit', ...options })
  const client = new RingmasterClient({ socket })
  let isOver = false
  const end = ended.finally(() => {
    isOver = true
  })
  while (!(await isReachable(client))) {
    if (isOver) {
      const { code, stderr } = await end
      throw new SupervisorError('START_REFUSED', `Ringmaster has ended (${code}): ${stderr.trim()}`)
    }
    await sleep(againMs)
  }
  const code = end.then((one) => one.code)
  return {
    ...{ pid, client, ended: code },
    async shutdown() {
      if (!isOver) await client.shutdown()
      return code
    },
  }
}

const againMs = 20

async function isReachable(client: RingmasterClient): Promise<boolean> {
  try {
    await client.supervisor()
    return true
  } catch (error) {
    if (isSupervisorError(error) && error.code === 'UNREACHABLE') return false
    throw error
  }
}
