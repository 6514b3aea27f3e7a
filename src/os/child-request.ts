import type { InstanceSpec } from '../plan/instance-spec.ts'
import { fillReferences } from '../plan/references.ts'
import type { ChildRequest } from './child.ts'
import { createEnvironment, inheritable } from './environment.ts'
import { resolveResources } from './resources.ts'
import type { Rights } from './rights.ts'
import type { User } from './users.ts'

/** What a child of a run is started as, whether it is its main process or not, and the user that it will be, if another. */
export interface RunRequest {
  readonly request: Omit<ChildRequest, 'descriptors'>
  readonly user: User | null
}

/** Makes requests for children with the rights, the environment and the folder of an instance, each a session of its own. `command` is of templates. */
export function createRequests(
  rightsOf: (spec: InstanceSpec) => Rights | undefined,
): (spec: InstanceSpec, runId: string, command: InstanceSpec['command']) => RunRequest {
  const isPid1 = process.pid === 1
  const ownEnv = inheritable(process.env)
  return (spec, runId, [executable, ...words]) => {
    const rights = rightsOf(spec)
    if (rights === undefined) throw new Error(`nobody resolved the rights of ${spec.name}`)
    const { userEnv, ...steps } = rights
    const env = createEnvironment(spec, runId, userEnv, ownEnv)
    const fill = (template: string) => fillReferences(template, env)
    const request = {
      ...steps,
      ...resolveResources(spec.resources),
      command: [fill(executable), ...words.map(fill)] as const,
      env,
      session: true,
      ...(spec.workingDir !== null && { workingDir: fill(spec.workingDir) }),
      ...(!isPid1 && { deathSignal: 9 }),
    }
    return { request, user: rights.user }
  }
}
