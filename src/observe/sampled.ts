import {
  Counter,
  type CounterConfiguration,
  Gauge,
  type GaugeConfiguration,
  Histogram,
  type HistogramConfiguration,
} from 'prom-client'

/** One value, with the labels that it has. */
export interface Sample {
  readonly labels: Labels
  readonly value: number
}

export type Labels = Record<string, string | number>

/** A gauge whose samples are made when it is printed. To set each before, as its own `collect` would, takes three times as long. */
export class SampledGauge extends Gauge {
  readonly #samples: Samples

  constructor(configuration: GaugeConfiguration<string>, samples: Samples) {
    super(configuration)
    this.#samples = samples
  }

  override async get() {
    return { ...(await super.get()), values: [...this.#samples()] }
  }
}

/** The same of a counter; its samples must not fall. */
export class SampledCounter extends Counter {
  readonly #samples: Samples

  constructor(configuration: CounterConfiguration<string>, samples: Samples) {
    super(configuration)
    this.#samples = samples
  }

  override async get() {
    return { ...(await super.get()), values: [...this.#samples()] }
  }
}

/** How often values were how large. */
export interface Distribution {
  /** Rising; each belongs to its own bucket. */
  readonly bounds: readonly number[]
  /** One for each bound, not added up, and one for what is above all. */
  readonly counts: ArrayLike<number>
  readonly sum: number
}

/** A histogram that somebody else keeps. */
export class SampledHistogram extends Histogram {
  readonly #configuration: HistogramConfiguration<string>
  readonly #distribution: Distribution

  constructor(configuration: HistogramConfiguration<string>, distribution: Distribution) {
    super(configuration)
    this.#configuration = configuration
    this.#distribution = distribution
  }

  /** What prom-client prints of a histogram; its `get` is made from it. */
  async getForPromString() {
    const { name, help } = this.#configuration
    const { bounds, counts, sum } = this.#distribution
    const named = (suffix: string, value: number, labels: Labels = {}) => ({
      ...{ metricName: `${name}_${suffix}`, labels, value },
    })
    let total = 0
    const buckets = [...bounds, '+Inf'].map((le, index) => {
      total += counts[index] ?? 0
      return named('bucket', total, { le })
    })
    const values = [...buckets, named('sum', sum), named('count', total)]
    return { name, help, type: 'histogram', values }
  }
}

type Samples = () => Iterable<Sample>
