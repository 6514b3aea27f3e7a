/** A metric as a scrape tells of it. */
export interface ScrapedMetric {
  readonly name: string
  readonly type: string
  readonly help: string
  /** Those of any sample, but for `le` of a histogram. */
  readonly labels: readonly string[]
}

/** Takes Prometheus' text format apart; throws at a line that is not of it. */
export function parseExposition(text: string): readonly ScrapedMetric[] {
  const metrics: { name: string; type: string; help: string; labels: Set<string> }[] = []
  for (const line of text.split('\n')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? []
    const last = metrics.at(-1)
    if (kind === 'HELP') {
      if (metrics.some((metric) => metric.name === name)) throw new Error(`${name} comes twice`)
      metrics.push({ name, type: '', help: rest, labels: new Set() })
    } else if (kind === 'TYPE' && last?.name === name) {
      last.type = rest
    } else if (line !== '') {
      takeSample(line, last)
    }
  }
  return metrics.map((metric) => ({ ...metric, labels: [...metric.labels] }))
}

const sample = /^([a-z_]+?)(?:\{((?:[a-z_]+="[^"\\\n]*",?)*)\})? (?:-?\d+(?:\.\d+)?(?:e[+-]\d+)?)$/

function takeSample(
  line: string,
  metric: { name: string; type: string; labels: Set<string> } | undefined,
): void {
  const [, name = '', labels = ''] = sample.exec(line) ?? []
  const suffix = metric?.type === 'histogram' ? '(_bucket|_sum|_count)' : ''
  if (metric === undefined || !new RegExp(`^${metric.name}${suffix}$`).test(name)) {
    throw new Error(`not expected: ${line}`)
  }
  for (const [, label = ''] of labels.matchAll(/([a-z_]+)="/g)) {
    if (label !== 'le') metric.labels.add(label)
  }
}
