/** prom-client types only its index; these are the parts that `collectDefaultMetrics` is made of. */
declare module 'prom-client/lib/metrics/*.js' {
  import type { Registry } from 'prom-client'

  function add(registry: Registry): void
  export = add
}
