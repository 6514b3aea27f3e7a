import { join } from 'node:path'
import t from 'tap'
import { fixture } from '../rig/fixtures.ts'
import { alone, inNamespace, needsNamespace, ways } from '../rig/ringmaster.ts'

for (const { way, start, skip } of ways) {
  t.test(
    `the child has default dispositions and no blocked signals, ${way}`,
    { skip },
    async (t) => {
      for (const by of [[], [fixture('dirty')]]) {
        const init = await start(t, ['exec', 'cat', '/proc/self/status'], { by })
        const { stdout } = await init.end()
        const none = '\t0000000000000000'
        t.same(stdout.match(/^Sig[BIC].*$/gm), [
          `SigBlk:${none}`,
          `SigIgn:${none}`,
          `SigCgt:${none}`,
        ])
      }
    },
  )

  t.test(`the child has descriptors 0 to 2 and no other, ${way}`, { skip }, async (t) => {
    for (const by of [[], [fixture('dirty')]]) {
      const init = await start(t, ['exec', fixture('show')], { by })
      t.match(await init.end(), { code: 0, stdout: /^fds=0,1,2$/m })
    }
  })

  t.test(`closed descriptors 0 to 2 do no harm, ${way}`, { skip }, async (t) => {
    const by = ['sh', '-c', 'exec "$@" <&- >&- 2>&-', 'sh']
    const script = 'test /dev/null -ef /dev/fd/0 && echo x && echo y >&2 && exit 7'
    const init = await start(t, ['exec', 'sh', '-c', script], { by })
    t.match(await init.end(), { code: 7, stdout: '', stderr: '' })
  })

  t.test(`every byte passes unchanged, ${way}`, { skip }, async (t) => {
    const bytes = Buffer.from(Array.from({ length: 1 << 20 }, (_, i) => (i + (i >> 8)) % 256))
    const init = await start(t, ['exec', 'cat'], { stdio: ['pipe', 'pipe', 'pipe'] })
    init.type(bytes)
    init.hangUp()
    t.match(await init.end(), { code: 0, stderr: '' })
    t.ok(init.bytes.equals(bytes))
  })

  t.test(
    `the environment is passed on, and the variables of --env-file are added, ${way}`,
    { skip },
    async (t) => {
      const folder = t.testdir({
        one: '\uFEFFB="b c" # not this\nA=one\n# C=1\n\n',
        two: 'A=two\n',
      })
      const files = ['--env-file', join(folder, 'one'), '--env-file', join(folder, 'two')]
      const own = { A: 'own', 'D.e': '1=2', E: '', F: 'line\nnext', TERM: 'x' }
      const init = await start(t, ['exec', ...files, 'env', '-0'], { env: own })
      const { stdout } = await init.end()
      const { PATH, HOME, RINGMASTER_TEST, ...seen } = Object.fromEntries(
        stdout
          .split('\0')
          .filter(Boolean)
          .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
      )
      delete seen['PWD'] // by sh, in between
      t.ok(PATH && HOME && RINGMASTER_TEST)
      t.same(seen, { ...own, A: 'two', B: 'b c' })
    },
  )
}

t.test('the child is told of the death of Ringmaster, but not of that of PID 1', async (t) => {
  const init = await alone(t, ['exec', fixture('show')])
  t.match((await init.end()).stdout, /^deathsig=9$/m)
})

t.test('the child leads a session of its own', async (t) => {
  const init = await alone(t, ['exec', 'sh', '-c', 'cut -d" " -f1,5,6,7 /proc/$$/stat'])
  const { stdout } = await init.end()
  t.match(stdout, /^(\d+) \1 \1 0$/m)
})

t.test('nothing needs /proc', { skip: needsNamespace }, async (t) => {
  const by = ['sh', '-c', 'mount -t tmpfs none /proc && exec "$@"', 'sh']
  const stdio = ['pipe', 'pipe', 'pipe'] as const
  const script = 'test ! -e /proc/self && "$0" 50 && echo left && read line; exit 7'
  const reaping = await inNamespace(t, ['exec', '-w', 'sh', '-c', script, fixture('orphans')], {
    by,
    stdio,
  })
  await reaping.line(/^left$/)
  for (let i = 0; i < 50; i++) await reaping.line(/reaped orphan/)
  reaping.hangUp()
  t.match(await reaping.end(), { code: 7 })

  const forwarding = await inNamespace(t, ['exec', fixture('listen'), '', '15', '9'], { by })
  await forwarding.ready()
  forwarding.signal('SIGTERM')
  await forwarding.line(/^got 15$/)
  t.match(await forwarding.end(), { code: 9, stderr: '' })

  const missing = await inNamespace(t, ['exec', '/no/such-command'], { by })
  t.match(await missing.end(), { code: 127, stderr: /^ringmaster: .*"\/no\/such-command".*\n$/ })
})
