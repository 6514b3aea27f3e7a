import t from 'tap'
import { tcp } from '../../../src/os/tcp-connections.ts'
import type { CommandResult, Commands } from '../../../src/ports/commands.ts'
import { createProber } from '../../../src/probes/prober.ts'
import { firstOf, processSpec } from '../../rig/specs.ts'

t.test(
  'exit code 0 is a success; another, a signal, and what cannot be executed are failures',
  async (t) => {
    for (const [end, outcome] of [
      [
        { code: 0, signal: 0 },
        { isOk: true, detail: 'exit code 0' },
      ],
      [
        { code: 3, signal: 0 },
        { isOk: false, detail: 'exit code 3', output: 'words' },
      ],
      [
        { code: 0, signal: 11 },
        { isOk: false, detail: 'ended by SIGSEGV', output: 'words' },
      ],
      [
        { errno: 'ENOENT', step: 'command=a' },
        { isOk: false, detail: 'ENOENT command=a' },
      ],
    ] as const) {
      const { commands, probe, outcomes } = create()
      probe()
      commands[0]?.end({ end, output: 'words' })
      t.strictSame(outcomes, [outcome])
    }
  },
)

t.test('what Ringmaster lacks just now says nothing of the process', async (t) => {
  for (const errno of ['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM']) {
    const { commands, probe, outcomes } = create()
    probe()
    commands[0]?.end({ end: { errno, step: 'fork' }, output: '' })
    t.strictSame(outcomes, [{ isOk: null, detail: `${errno} fork` }])
  }
})

t.test(
  'a try that is ended kills, and the next begins when the killed one has ended',
  async (t) => {
    const { commands, probe, outcomes } = create()
    probe()()
    t.match(commands, [{ isKilled: true }])
    probe()()
    const cancel = probe()
    t.equal(commands.length, 1)
    commands[0]?.end({ end: { code: 0, signal: 9 }, output: '' })
    t.equal(commands.length, 2, 'one for that which still waits')
    t.strictSame(outcomes, [], 'nothing is told of what was ended')
    cancel()
    t.match(commands, [{}, { isKilled: true }])
  },
)

t.test('the next try begins at once when the last has ended', async (t) => {
  const { commands, probe, outcomes } = create()
  for (const count of [1, 2]) {
    probe()
    t.equal(commands.length, count)
    commands.at(-1)?.end({ end: { code: 0, signal: 0 }, output: '' })
  }
  t.equal(outcomes.length, 2)
})

interface FakeCommand {
  isKilled: boolean
  end(result: CommandResult): void
}

function create() {
  const commands: FakeCommand[] = []
  const outcomes: unknown[] = []
  const fake: Commands = {
    run(_, onEnd) {
      const waiting: (() => void)[] = []
      let hasEnded = false
      const one: FakeCommand = {
        isKilled: false,
        end(result) {
          hasEnded = true
          onEnd(result)
          for (const callback of waiting) callback()
        },
      }
      commands.push(one)
      return {
        kill() {
          one.isKilled = true
        },
        whenEnded(callback) {
          if (hasEnded) callback()
          else waiting.push(callback)
        },
      }
    },
  }
  const prober = createProber(fake, tcp)
  const spec = firstOf(processSpec('web'))
  const check = { kind: 'exec', command: ['a'] } as const
  const probe = () => prober.probe({ check, spec, runId: '1' }, (outcome) => outcomes.push(outcome))
  return { commands, outcomes, probe }
}
