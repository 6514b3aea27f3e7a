import t from 'tap'
import { alone, ways } from '../rig/ringmaster.ts'

const codes = [0, 1, 2, 42, 63, 64, 70, 125, 126, 127, 128, 143, 254, 255]
const signals = [1, 2, 3, 6, 9, 11, 13, 15, 31, 34, 40, 64]
/** Dies of the signal that its argument names. */
const dieOf = (signal: number) => ['sh', '-c', 'ulimit -c 0; kill -$0 $$', `${signal}`]

for (const { way, start, skip } of ways) {
  t.test(`the exit code is the child's, ${way}`, { skip }, async (t) => {
    for (const code of codes) {
      const init = await start(t, ['exec', 'sh', '-c', 'exit $0', `${code}`])
      const outcome = { code, signal: null, stdout: '', stderr: '' }
      t.same(await init.end(), outcome, `${code}`)
    }
  })

  t.test(
    `a child that dies of signal n gives 128 + n, real-time ones too, ${way}`,
    { skip },
    async (t) => {
      for (const signal of signals) {
        const init = await start(t, ['exec', ...dieOf(signal)])
        const outcome = { code: 128 + signal, signal: null, stdout: '', stderr: '' }
        t.same(await init.end(), outcome, `${signal}`)
      }
    },
  )
}

t.test('-e makes a code a success', async (t) => {
  const cases: readonly (readonly [
    options: readonly string[],
    command: readonly string[],
    code: number,
  ])[] = [
    [['-e', '3'], ['sh', '-c', 'exit 3'], 0],
    [['-e', '3'], ['sh', '-c', 'exit 4'], 4],
    [['-e', '3', '--success', '4'], ['sh', '-c', 'exit 4'], 0],
    [['-e143'], dieOf(15), 0],
    [['-e', '168'], dieOf(40), 0],
    [['-e', '0'], ['true'], 0],
    [['-e', '127'], ['/nowhere/nothing'], 0],
  ]
  for (const [options, command, code] of cases) {
    const init = await alone(t, ['exec', ...options, '--', ...command])
    t.same(await init.exit(), { code, signal: null }, `${options.join(' ')} ${command.join(' ')}`)
  }
})
