/** Colours of prefixes, one for each process in turn, by the parameters of SGR: none is that of an error, and all can be read on dark and bright. */
const colors = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94]

/** The colour of the prefix of a process: those of `processes` first, others as they come. */
export function prefixColors(processes: readonly string[]): (process: string) => number {
  const places = new Map(processes.map((process, place) => [process, place]))
  return (process) => {
    const place = places.get(process) ?? places.size
    places.set(process, place)
    return colors[place % colors.length] ?? 0
  }
}

/** Whether what goes to a descriptor has colours: see https://no-color.org and https://force-color.org, where the latter is the stronger. */
export function wantsColor(
  env: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
): boolean {
  const forced = env['FORCE_COLOR']
  if (forced) return forced !== '0' && forced !== 'false'
  return isTerminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
}
