/** What `run` loads after the first spawns, as one bundle: most of our weight. */
export { createControl } from './api/control/serve.ts'
export { serve } from './api/serve.ts'
export { createLog } from './observe/log.ts'
export { createMetrics } from './observe/metrics.ts'
export { createProber } from './probes/prober.ts'
