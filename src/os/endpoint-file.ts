import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { attempt, identityOf, isTrusted, makeOurs, removeOwn, runFolders } from './run-folders.ts'

/** Where the endpoint of a `run` listens. */
export interface EndpointAddress {
  readonly host: string
  readonly port: number
}

/**
 * Has `ringmaster probe` find the endpoint: writes its address into the first folder of {@link runFolders} that can be had, if there
 * is one. The last `run` that starts in a container is the one that is found. Returns what takes the file away again, if it is still ours.
 */
export function writeEndpointFile(
  { host, port }: EndpointAddress,
  folders: readonly string[] = runFolders(),
): () => void {
  for (const folder of folders) {
    const path = join(folder, fileName)
    const written = attempt(() => {
      makeOurs(folder)
      const draft = `${path}.${process.pid}`
      writeFileSync(draft, `${host} ${port}\n`, { mode: 0o600 })
      renameSync(draft, path)
      return identityOf(path)
    })
    if (written !== undefined) return () => removeOwn(path, written, folder)
  }
  return () => {}
}

/** The address that was written, by root or by who we are, and in which file; undefined when there is none. */
export function readEndpointFile(
  folders: readonly string[] = runFolders(),
): (EndpointAddress & { readonly path: string }) | undefined {
  for (const folder of folders) {
    const path = join(folder, fileName)
    const text = attempt(() => (isTrusted(folder) ? readFileSync(path, 'utf8') : ''))
    const [, host, port] = /^(\S+) (\d{1,5})\n$/.exec(text ?? '') ?? []
    if (host !== undefined) return { host, port: Number(port), path }
  }
  return undefined
}

const fileName = 'endpoint'
