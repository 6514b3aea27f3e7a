/** Columns, each as wide as its widest text; the last one is cut where a line would be wider than `width`. A row that is all empty is left out. */
export function table(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  width = process.stdout.columns ?? Number.POSITIVE_INFINITY,
): string {
  const lines = [heads, ...rows]
  const widths = heads.map((_, column) =>
    Math.max(...lines.map((line) => (line[column] ?? '').length)),
  )
  return lines
    .map((line) => {
      const text = line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()
      return text.length > width ? `${text.slice(0, Math.max(1, width - 1))}…` : text
    })
    .map((line) => `${line}\n`)
    .join('')
}

/** A span of time in a word: `5s`, `3m12s`, `2h5m`, `3d4h`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const [minutes, hours, days] = [60, 3600, 86_400].map((unit) => Math.floor(seconds / unit))
  if (days) return `${days}d${(hours ?? 0) % 24}h`
  if (hours) return `${hours}h${(minutes ?? 0) % 60}m`
  return minutes ? `${minutes}m${seconds % 60}s` : `${seconds}s`
}
