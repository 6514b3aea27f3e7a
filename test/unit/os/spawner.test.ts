import { readdirSync } from 'node:fs'
import t from 'tap'
import { createCommands } from '../../../src/os/commands.ts'
import { native } from '../../../src/os/native.ts'
import type { Rights } from '../../../src/os/rights.ts'
import { createSpawner } from '../../../src/os/spawner.ts'
import { toInstance } from '../../../src/plan/to-instance.ts'
import type { CommandResult } from '../../../src/ports/commands.ts'
import { withoutDescriptors } from '../../rig/descriptors.ts'
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

t.test('where no descriptor is left, a start is refused for want of a pipe alone', async (t) => {
  const { template } = processSpec('web')
  const spec = toInstance(template, 1)
  const refusal = { errno: 'EMFILE', step: 'pipe' }
  // Loaded before: it takes a descriptor.
  native()
  const spawner = createSpawner(() => asOurs, [])
  const refused = await new Promise((resolve) => {
    const unexpected = () => resolve('another answer')
    withoutDescriptors(() =>
      spawner.spawn(1, spec, {
        ...{ executed: unexpected, execFailed: unexpected },
        refused: (errno, step) => resolve({ errno, step }),
      }),
    )
  })
  t.same(refused, refusal)

  const nobody = { onExit() {}, watch() {}, forget() {} }
  const commands = createCommands({ rightsOf: () => asOurs, exits: nobody, guard: nobody })
  const result = await new Promise<CommandResult>((resolve) => {
    withoutDescriptors(() => commands.run({ spec, runId: '1-a', command: ['true'] }, resolve))
  })
  t.same(result, { end: refusal, output: '' })
})

const asOurs: Rights = {
  ...{ user: null, userEnv: {}, bounding: null, capabilities: null },
  noNewPrivileges: true,
}
