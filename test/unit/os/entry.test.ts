import t from 'tap'
import { takeEntryReport } from '../../../src/os/entry.ts'

const none = '0'.repeat(16)

t.test('the environment is again what it was before the entry', async (t) => {
  const before = {
    PATH: '/bin',
    LD_PRELOAD: 'own.so',
    NODE_OPTIONS: '--inspect',
    RINGMASTER_CONFIG: 'x',
  }
  const { LD_PRELOAD, NODE_OPTIONS, ...rest } = before
  const env: NodeJS.ProcessEnv = {
    ...rest,
    RINGMASTER_ENTRY_LD_PRELOAD: LD_PRELOAD,
    RINGMASTER_ENTRY_NODE_OPTIONS: NODE_OPTIONS,
    RINGMASTER_ENTRY: `0000000000001001:8${none.slice(1)}:none`,
  }
  t.same(takeEntryReport(env), { ignored: '0000000000001001', blocked: `8${none.slice(1)}` })
  t.same(env, before)
})

t.test('what is not from the entry stays as it is', async (t) => {
  for (const report of [
    undefined,
    '',
    'x',
    `${none}:${none}`,
    `${none}:${none}:maybe`,
    `0:0:none`,
  ]) {
    const env = {
      ...(report !== undefined && { RINGMASTER_ENTRY: report }),
      RINGMASTER_ENTRY_NODE_OPTIONS: '--inspect',
    }
    t.equal(takeEntryReport({ ...env }), undefined, report ?? 'no report')
    const same = { ...env }
    takeEntryReport(same)
    t.same(same, env)
  }
})
