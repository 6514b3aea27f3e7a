/** The configuration as its files have it now. */
export interface ConfigSource {
  /** Reads and checks the files of the start; never rejects. */
  read(): Promise<Reading>
}

/** Why the files cannot be used, or what they would change: paths such as `processes.web.command`. */
export type Reading = { readonly problem: string } | { readonly differences: readonly string[] }
