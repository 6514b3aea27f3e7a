import { readdirSync } from 'node:fs'
import t from 'tap'
import { createSpawner } from '../../../src/os/spawner.ts'
import { toInstance } from '../../../src/plan/to-instance.ts'
import { processSpec } from '../../rig/specs.ts'

t.test('a run whose socket nobody has opened is refused, and leaves nothing open', async (t) => {
  const { template } = processSpec('web')
  const spec = { ...toInstance(template, 1), sockets: ['web'] }
  const spawner = createSpawner(() => undefined, [])
  const before = readdirSync('/proc/self/fd').length
  const refused = await new Promise((resolve) => {
    const unexpected = () => resolve('another answer')
    const observer = { executed: unexpected, execFailed: unexpected }
    const spawned = spawner.spawn(1, spec, {
      ...observer,
      refused: (errno, step) => resolve(`${errno} ${step}`),
    })
    t.equal(spawned, null)
  })
  t.equal(refused, 'ENOENT socket web')
  t.equal(readdirSync('/proc/self/fd').length, before)
})
