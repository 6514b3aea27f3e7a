import { findConfigs } from '../config/find.ts'
import { loadFiles } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { showConfig } from '../config/show.ts'
import { createCgroup } from '../os/cgroup.ts'
import type { Origin, Plan } from '../plan/plan.ts'
import { type Situation, toPlan } from '../plan/to-plan.ts'
import { readEnvFiles } from './env-files.ts'

/** What the files of a command line say. */
export interface Configuration {
  readonly files: readonly string[]
  readonly config: Config
  readonly plan: Plan
  /** Reads the same files again, or (not null) others, with the same variables. Throws as {@link readConfiguration} does. */
  read(others: readonly string[] | null): Promise<Plan>
  /** What stood in them, for others to see. */
  show(origin: Origin): unknown
}

/** Reads the files that are `named`, or the standard one, for `command`. Throws `CONFIG_INVALID`, or `USAGE` for an env file. */
export async function readConfiguration(
  command: string,
  named: readonly string[],
  envFiles: readonly string[] = [],
): Promise<Configuration> {
  const here = situation(command, envFiles)
  const variables = { env: { ...process.env, ...here.envFile }, machine: createCgroup() }
  const files = findConfigs(named, { env: process.env })
  const load = async (files: readonly string[], isStart = false) => {
    const { config, texts } = await loadFiles(files, variables, isStart)
    return { config, plan: { ...toPlan(config, here), origin: { files, texts } } }
  }
  return {
    ...{ files, ...(await load(files, true)) },
    read: async (others) => (await load(others ?? files)).plan,
    show: ({ texts }) => showConfig(texts, variables),
  }
}

/** What of a plan depends on where it is made. */
export function situation(command: string, envFiles: readonly string[] = []): Situation {
  return {
    // Every container of a cluster has this variable.
    isKubernetes: process.env['KUBERNETES_SERVICE_HOST'] !== undefined,
    envFile: readEnvFiles(command, envFiles),
  }
}
