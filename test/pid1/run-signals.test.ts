import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { SIGRTMAX } from '../../src/lib/signals.ts'
import { statusOf } from '../rig/proc.ts'
import { alone, inNamespace, needsNamespace, ways } from '../rig/ringmaster.ts'
import { configuration, folder, script, supervise } from '../rig/supervise.ts'

/** Says which signals it gets, and lives on until TERM. */
const listener = (...signals: readonly string[]) =>
  script(
    `${signals.map((one) => `trap "echo got ${one}" ${one}`).join('; ')}; trap "exit 0" TERM; echo up; while :; do sleep 0.01; done`,
  )
const deaf = script('echo up; while :; do sleep 0.01; done')

for (const { way, start, skip } of ways) {
  t.test(`${way}: a signal is forwarded to whoever has a handler for it`, { skip }, async (t) => {
    const ringmaster = await supervise(t, start, {
      processes: { web: listener('USR1', 'WINCH'), deaf },
    })
    for (const name of ['web', 'deaf']) await ringmaster.line(new RegExp(`^${name}\\.1 \\| up$`))
    // The trap is set before "up"; WINCH is ignored by default, RTMIN+1 and USR2 would end both.
    for (const signal of ['SIGUSR2', 35, 'SIGWINCH', 'SIGUSR1'] as const) ringmaster.signal(signal)
    await ringmaster.line(/^web\.1 \| got WINCH$/)
    await ringmaster.line(/^web\.1 \| got USR1$/)
    ringmaster.signal('SIGTERM')
    const { code, stderr } = await ringmaster.end()
    t.equal(code, 0)
    t.notMatch(stderr, /\.1 ended/, 'nobody died of it')
  })

  t.test(`${way}: what means nothing to Ringmaster does nothing`, { skip }, async (t) => {
    const ringmaster = await supervise(t, start, { processes: { web: listener('ALRM', 'PIPE') } })
    await ringmaster.line(/^web\.1 \| up$/)
    for (const signal of [
      'SIGALRM',
      'SIGPIPE',
      'SIGCHLD',
      'SIGCONT',
      'SIGURG',
      'SIGIO',
      'SIGVTALRM',
      'SIGPROF',
      'SIGXCPU',
      'SIGXFSZ',
      'SIGPWR',
    ] as const) {
      ringmaster.signal(signal)
    }
    ringmaster.signal('SIGTERM')
    const { code, stdout } = await ringmaster.end()
    t.equal(code, 0)
    t.notMatch(stdout, /got/)
  })

  t.test(`${way}: the configuration says what a signal does`, { skip }, async (t) => {
    const ringmaster = await supervise(t, start, {
      signals: {
        SIGTERM: 'forward',
        SIGUSR1: 'shutdown',
        SIGUSR2: 'SIGWINCH',
        SIGHUP: 'forward-always',
        SIGWINCH: 'forward',
        SIGRTMIN: 'ignore',
      },
      processes: {
        web: script(
          'trap "echo got TERM" TERM; trap "echo got WINCH" WINCH; trap "echo got HUP" HUP; echo up; while :; do sleep 0.01; done',
          { stopSignal: 'KILL' },
        ),
      },
    })
    await ringmaster.line(/^web\.1 \| up$/)
    ringmaster.signal(34)
    for (const [signal, got] of [
      ['SIGTERM', 'TERM'],
      ['SIGUSR2', 'WINCH'],
      ['SIGHUP', 'HUP'],
    ] as const) {
      ringmaster.signal(signal)
      await ringmaster.line(new RegExp(`^web\\.1 \\| got ${got}$`))
    }
    ringmaster.signal('SIGUSR1')
    t.match(await ringmaster.end(), { code: 0 })
  })

  t.test(`${way}: forward-always asks nobody`, { skip }, async (t) => {
    const ringmaster = await supervise(t, start, {
      signals: { SIGUSR1: 'forward-always' },
      processes: { web: { ...deaf, restartPolicy: 'Never' } },
    })
    await ringmaster.line(/^web\.1 \| up$/)
    ringmaster.signal('SIGUSR1')
    t.match(await ringmaster.end(), { code: 128 + 10 })
  })
}

t.test('TSTP suspends Ringmaster alone, and CONT resumes it', async (t) => {
  const ringmaster = await supervise(t, alone, { processes: { web: deaf } })
  await ringmaster.line(/^web\.1 \| up$/)
  const children = ringmaster.children()
  ringmaster.signal('SIGTSTP')
  await ringmaster.until(() => ringmaster.state() === 'T')
  t.ok(children.every((pid) => ringmaster.state(pid) !== 'T'))
  ringmaster.signal('SIGCONT')
  ringmaster.signal('SIGTERM')
  t.match(await ringmaster.end(), { code: 0 })
})

t.test(
  'as PID 1: a TERM that comes before the configuration is read is not lost',
  { skip: needsNamespace },
  async (t) => {
    const pipe = join(folder(t), 'ringmaster.yaml')
    execFileSync('mkfifo', [pipe])
    const ringmaster = await inNamespace(t, ['run', pipe])
    // The last one; for TERM and INT Node.js has a handler too.
    await ringmaster.until(() => {
      const handled = BigInt(`0x${statusOf(ringmaster.pid, 'SigCgt') ?? '0'}`)
      return handled >> BigInt(SIGRTMAX - 1) === 1n
    }, 'handlers')
    ringmaster.signal('SIGTERM')
    const securityContext = { runAsUser: 0 }
    const path = configuration(t, {
      processes: { web: script('exec sleep 1000', { securityContext }) },
    })
    writeFileSync(pipe, readFileSync(path))
    const { code, stderr } = await ringmaster.end()
    t.equal(code, 0)
    t.match(stderr, /ringmaster ends with code 0: SIGTERM/)
  },
)
