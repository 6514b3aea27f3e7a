import t, { type Test } from 'tap'
import type { LogsSpec } from '../../src/plan/instance-spec.ts'
import { type DrivenRun, type DriveSetting, drive } from '../rig/driven.ts'
import { helper, needsRoot, stat } from '../rig/exec-helper.ts'
import type { Given } from '../rig/rights.ts'
import { needsNamespace } from '../rig/ringmaster.ts'
import { lead } from '../rig/terminal.ts'

async function runOf(
  t: Test,
  script: string,
  given: Given = {},
  setting: DriveSetting = {},
): Promise<DrivenRun & { text: string }> {
  const web: Given = { command: ['sh', '-c', script], ...given }
  const { runs, text } = await drive(t, { processes: { web } }, setting)
  const [run] = runs['web'] ?? []
  if (run?.report !== 'executed') throw new Error(JSON.stringify(run))
  return { ...run, text }
}

const logs = (stdout: LogsSpec['stdout'], stderr: LogsSpec['stderr']): Given => ({
  logs: { format: 'raw', stdout, stderr },
})
const both = 'echo out; echo err >&2'

t.test('output goes where it is sent', { skip: needsNamespace }, async (t) => {
  t.match(await runOf(t, both, logs('capture', 'capture')), { stdout: 'out\n', stderr: 'err\n' })
  t.match(await runOf(t, both, logs('capture', 'stdout')), { stdout: 'out\nerr\n', stderr: null })
  t.match(await runOf(t, both, logs('discard', 'capture')), { stdout: null, stderr: 'err\n' })
  t.match(await runOf(t, both, logs('capture', 'discard')), { stdout: 'out\n', stderr: null })
  const silent = await runOf(t, both, logs('discard', 'stdout'))
  t.match(silent, { stdout: null, stderr: null, text: /^\s*$/ })
  const own = await runOf(t, both, logs('inherit', 'inherit'))
  t.match(own, { stdout: null, stderr: null, text: /^out\n\s*err\n\s*$/ })
  t.match(await runOf(t, both, logs('inherit', 'capture')), { stderr: 'err\n', text: /^out\n/ })
})

t.test('stderr to stdout is one descriptor, in order', { skip: needsNamespace }, async (t) => {
  const script = 'for i in 1 2 3; do echo $i; echo $i >&2; done; cd /proc/self/fd; readlink 1 2'
  const [one, two, ...rest] =
    (await runOf(t, script, logs('capture', 'stdout'))).stdout?.trim().split('\n').reverse() ?? []
  t.match(one, /^pipe:/)
  t.equal(one, two)
  t.same(rest.reverse(), ['1', '1', '2', '2', '3', '3'])
})

t.test(
  'its user can open the pipes anew, whatever Ringmaster may do',
  { skip: needsRoot },
  async (t) => {
    const security = { user: 65534 }
    const script = 'echo out > /dev/stdout; echo err > /dev/stderr'
    const wanted = { stdout: 'out\n', stderr: 'err\n', end: 'code 0' }
    t.match(await runOf(t, script, { security }), wanted)
    // SETUID, SETGID and KILL: no CHOWN.
    const by = [helper, 'bounding=e0', 'capabilities=e0', '--']
    t.match(await runOf(t, script, { security }, { by }), wanted)
  },
)

t.test('stdin is empty, or that of Ringmaster', { skip: needsNamespace }, async (t) => {
  const by = ['sh', '-c', 'echo typed | "$@"', 'sh']
  t.match(await runOf(t, 'cat', {}, { by }), { stdout: '' })
  t.match(await runOf(t, 'cat', { stdin: 'inherit' }, { by }), { stdout: 'typed\n' })
})

t.test(
  'where Ringmaster leads the session of a terminal, the child takes it',
  { skip: needsNamespace },
  async (t) => {
    const web: Given = { command: ['cat', '/proc/self/stat'], stdin: 'inherit' }
    const setting = { by: [lead()], isOnTerminal: true }
    const { runs } = await drive(t, { processes: { web, job: web }, runs: 2 }, setting)
    for (const run of runs['web'] ?? []) {
      const child = stat(run.stdout ?? '')
      t.equal(child.session, child.pid)
      t.not(child.terminal, 0, 'each of its runs')
    }
    for (const run of runs['job'] ?? []) {
      t.match(run, { report: 'executed' })
      t.equal(stat(run.stdout ?? '').terminal, 0, 'nobody else does')
    }
  },
)

t.test(
  'the terminal of a session that somebody else leads is left alone',
  { skip: needsNamespace },
  async (t) => {
    const web: Given = {
      command: ['sh', '-c', 'cat /proc/self/stat; test -t 0 && echo terminal'],
      stdin: 'inherit',
    }
    const setting = {
      by: [lead(), 'sh', '-c', '"$@"; cat /proc/self/stat', 'sh'],
      isOnTerminal: true,
    }
    const { runs, text } = await drive(t, { processes: { web } }, setting)
    const [run] = runs['web'] ?? []
    t.match(run?.stdout, /\nterminal\n$/)
    t.equal(stat(run?.stdout ?? '').terminal, 0)
    t.not(stat(text).terminal, 0, 'the leader has it still')
  },
)
