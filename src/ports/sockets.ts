/** The sockets that listen for processes. */
export interface Sockets {
  /** Calls `onConnection` once, when somebody waits at one of these sockets and nobody has accepted it; never before this returns. Returns what calls it off. */
  watch(names: readonly string[], onConnection: () => void): () => void
}
