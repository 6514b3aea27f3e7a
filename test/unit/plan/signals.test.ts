import t from 'tap'
import { parseSignal, SIGRTMAX, SIGRTMIN } from '../../../src/lib/signals.ts'
import { toSignals } from '../../../src/plan/signals.ts'

function numberOf(name: string): number {
  const signal = parseSignal(name)
  if (signal === undefined) throw new Error(name)
  return signal
}

t.test('every signal has its usual action, and what the kernel does is left to it', async (t) => {
  const actions = new Map<number, string>()
  for (const name of ['TERM', 'INT', 'QUIT', 'RTMIN+3']) actions.set(numberOf(name), 'shutdown')
  actions.set(numberOf('HUP'), 'reload')
  for (const name of ['USR1', 'USR2', 'WINCH']) actions.set(numberOf(name), 'forward')
  const kept = ['TSTP', 'TTIN', 'TTOU', 'CONT', 'KILL', 'STOP', 'CHLD'].map(numberOf)
  const faults = ['ILL', 'TRAP', 'ABRT', 'BUS', 'FPE', 'SEGV', 'SYS'].map(numberOf)
  const rules = toSignals()
  for (let signal = 1; signal <= SIGRTMAX; signal++) {
    const isUsual = signal < 32 || signal >= SIGRTMIN
    const usual = signal < 32 ? 'ignore' : 'forward'
    const isLeft = !isUsual || [...kept, ...faults].includes(signal)
    const expected = isLeft ? undefined : { action: actions.get(signal) ?? usual, signal }
    t.strictSame(rules[signal], expected, `signal ${signal}`)
  }
})

t.test('what is written wins, whatever the form of the name', async (t) => {
  const rules = toSignals({
    SIGHUP: 'ignore',
    USR1: 'shutdown',
    'RTMAX-1': 'reload',
    CONT: 'forward',
  })
  t.strictSame(rules[numberOf('HUP')], { action: 'ignore', signal: 1 })
  t.strictSame(rules[numberOf('USR1')], { action: 'shutdown', signal: 10 })
  t.strictSame(rules[63], { action: 'reload', signal: 63 })
  t.strictSame(rules[numberOf('CONT')], { action: 'forward', signal: 18 })
})

t.test('a signal that is taken for another has the action of that one, and no third', async (t) => {
  const rules = toSignals({
    ...{ TERM: 'SIGUSR1', USR1: 'SIGHUP', INT: 'SIGUSR2', USR2: 'reload', HUP: 'forward-always' },
    QUIT: 'SIGINT',
  })
  for (const [name, action, signal] of [
    ['TERM', 'forward', 'USR1'],
    ['USR1', 'forward-always', 'HUP'],
    ['INT', 'reload', 'USR2'],
    ['QUIT', 'shutdown', 'INT'],
  ] as const) {
    t.strictSame(rules[numberOf(name)], { action, signal: numberOf(signal) }, name)
  }
})
