/** What trees have in memory, looked up when asked. */
export interface MemorySource {
  /**
   * Looks at the trees of main processes, each with a limit in bytes, and returns those that may be above it: with what each has in
   * memory, of what processes share its share alone. A step takes well below a millisecond, but a few ms for each 100 MiB of one that may be above.
   */
  look(limits: ReadonlyMap<number, number>): Generator<void, ReadonlyMap<number, number>>
}
