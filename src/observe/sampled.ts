import { type Counter, type Gauge, Histogram, type HistogramConfiguration } from 'prom-client'

/** One value, with the labels that it has. */
export interface Sample {
  readonly labels: Labels
  readonly value: number
}

export type Labels = Record<string, string | number>

/** Has `metric` make its samples when it is printed; those of a counter must not fall. To set each before, as its own `collect` would, takes three times as long. */
export function sampled(metric: Counter | Gauge, samples: () => Iterable<Sample>): void {
  const described = metric.get.bind(metric)
  metric.get = async () => ({ ...(await described()), values: [...samples()] })
}

/** How often values were how large. */
export interface Distribution {
  readonly labels: Labels
  /** Rising; each belongs to its own bucket. */
  readonly bounds: readonly number[]
  /** One for each bound, not added up, and one for what is above all. */
  readonly counts: ArrayLike<number>
  readonly sum: number
}

/** A histogram whose values somebody else counts. */
export class SampledHistogram extends Histogram {
  readonly #configuration: HistogramConfiguration<string>
  readonly #distributions: () => Iterable<Distribution>

  constructor(
    configuration: HistogramConfiguration<string>,
    distributions: () => Iterable<Distribution>,
  ) {
    super(configuration)
    this.#configuration = configuration
    this.#distributions = distributions
  }

  /** What prom-client prints of a histogram; its `get` is made from it. */
  async getForPromString() {
    const { name, help } = this.#configuration
    const values = [...this.#distributions()].flatMap((one) => valuesOf(name, one))
    return { name, help, type: 'histogram', values }
  }
}

function valuesOf(name: string, { labels, bounds, counts, sum }: Distribution) {
  const named = (suffix: string, value: number, le: Labels = {}) => ({
    ...{ metricName: `${name}_${suffix}`, labels: { ...le, ...labels }, value },
  })
  let total = 0
  const buckets = [...bounds, '+Inf'].map((le, index) => {
    total += counts[index] ?? 0
    return named('bucket', total, { le })
  })
  return [...buckets, named('sum', sum), named('count', total)]
}
