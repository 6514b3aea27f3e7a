import { rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { findConfigs } from '../../../src/config/find.ts'

t.test(
  'arguments win over $RINGMASTER_CONFIG, that over the standard paths, in order',
  async (t) => {
    const cwd = t.testdir({ 'ringmaster.yaml': '', config: { 'ringmaster.yaml': '' } })
    const env = { RINGMASTER_CONFIG: 'named.yaml' }
    t.strictSame(findConfigs(['a.yaml', 'b.yaml'], { env, cwd }), ['a.yaml', 'b.yaml'])
    t.strictSame(findConfigs([], { env, cwd }), ['named.yaml'])
    t.strictSame(findConfigs([], { env: { RINGMASTER_CONFIG: '' }, cwd }), ['ringmaster.yaml'])
    rmSync(join(cwd, 'ringmaster.yaml'))
    t.strictSame(findConfigs([], { env: {}, cwd }), ['config/ringmaster.yaml'])
  },
)

t.test('no file at all is an error that says where it was looked for', async (t) => {
  t.throws(() => findConfigs([], { env: {}, cwd: t.testdir() }), {
    code: 'CONFIG_INVALID',
    message:
      'cannot find a configuration: looked for ringmaster.yaml, config/ringmaster.yaml, /etc/ringmaster/ringmaster.yaml. Name a file, or set RINGMASTER_CONFIG.',
  })
})
