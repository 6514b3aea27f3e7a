/** What `ringmaster exec` was asked to do. */
export interface ExecOptions {
  readonly command: readonly [string, ...string[]]
  readonly env: NodeJS.ProcessEnv
  /** Signals go to the child alone, not to its process group, and what it leaves behind gets no SIGTERM. */
  readonly isSingleChild: boolean
  /** Signal → the one sent in its place; 0: none. */
  readonly rewrites: ReadonlyMap<number, number>
  /** Codes that count as success. */
  readonly successCodes: ReadonlySet<number>
  /** What Ringmaster gets when its own parent dies. */
  readonly parentDeathSignal: number | null
  readonly warnsOnReap: boolean
  /** 0: errors only; 1: start, end; 2: each signal. */
  readonly verbosity: number
}
