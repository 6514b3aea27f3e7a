/** Measured values, all in one unit. */
export type Samples = readonly number[]

export function median(samples: Samples): number {
  return percentile(samples, 0.5)
}

/** The value that `share` (0–1) of the samples do not exceed; NaN without samples. */
export function percentile(samples: Samples, share: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  const at = Math.max(0, Math.ceil(sorted.length * share) - 1)
  return sorted[at] ?? Number.NaN
}

export function minimum(samples: Samples): number {
  return percentile(samples, 0)
}

/** Prints rows of cells below a title, in columns. */
export function printTable(title: string, rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  console.log(`\n${title}`)
  for (const row of rows) {
    console.log(`  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd())
  }
}

/** Prints `figure` beside what it has to be at most. */
export function printTarget(what: string, figure: number, atMost: number, unit = ''): void {
  const verdict = figure <= atMost ? 'met' : 'MISSED'
  console.log(`  ${what}: ${digits(figure)}${unit}, target at most ${atMost}${unit}: ${verdict}`)
}

/** Prints `figure` beside what it has to be at least. */
export function printAtLeast(what: string, figure: number, atLeast: number, unit = ''): void {
  const verdict = figure >= atLeast ? 'met' : 'MISSED'
  console.log(`  ${what}: ${digits(figure)}${unit}, target at least ${atLeast}${unit}: ${verdict}`)
}

/** Three digits that count. */
export function digits(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)))
}

/** The order in which a round goes through `list`: another one each time. */
export function shuffled<T>(list: readonly T[]): readonly T[] {
  return list
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}
