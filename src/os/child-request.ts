import type { InstanceSpec } from '../plan/instance-spec.ts'
import { fillReferences } from '../plan/references.ts'
import type { ChildRequest, Refusal } from './child.ts'
import { createEnvironment, inheritable } from './environment.ts'
import { resolveResources } from './resources.ts'
import type { Rights } from './rights.ts'
import type { User } from './users.ts'

/** What a child of a run is started as, whether it is its main process or not, and the user that it will be, if another. */
export interface RunRequest {
  readonly request: Omit<ChildRequest, 'descriptors'>
  readonly user: User | null
}

type Ask<Answer> = (spec: InstanceSpec, runId: string, command: InstanceSpec['command']) => Answer

/**
 * Makes requests for children with the rights, the environment and the folder of an instance, each a session of its own. `command` is of
 * templates. What it takes may have to be read, which is refused where no descriptor is left.
 */
export function createRequests(
  rightsOf: (spec: InstanceSpec) => Rights | undefined,
): Ask<RunRequest | Refusal> {
  const requestFor = createRequest(rightsOf)
  return (...asked) => {
    try {
      return requestFor(...asked)
    } catch (error) {
      const { code = 'EIO', syscall, path = '' } = error as NodeJS.ErrnoException
      if (syscall === undefined) throw error
      return { errno: code, step: `${syscall} ${path}`.trimEnd() }
    }
  }
}

function createRequest(rightsOf: (spec: InstanceSpec) => Rights | undefined): Ask<RunRequest> {
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
