import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { descendants, environmentOf } from '../rig/proc.ts'
import { ways } from '../rig/ringmaster.ts'
import { folder, script, supervise } from '../rig/supervise.ts'

const quick = { backoff: { initialSeconds: 0.01, maxSeconds: 0.05 } }

for (const { way, start, skip } of ways) {
  const run = (t: Test, processes: Record<string, object>) => supervise(t, start, { processes })

  t.test(`${way}: what crashes comes back, as a run of its own`, { skip }, async (t) => {
    const ringmaster = await run(t, {
      web: script('echo "run $RINGMASTER_RUN"; sleep 0.01; exit 1', quick),
    })
    for (const number of [1, 2, 3, 4])
      await ringmaster.line(new RegExp(`^web.1 \\| run ${number}-`))
    ringmaster.signal('SIGTERM')
    t.same(await ringmaster.exit(), { code: 0, signal: null })
  })

  t.test(
    `${way}: every instance has its name, its number and its environment`,
    { skip },
    async (t) => {
      const ringmaster = await run(t, {
        web: script('echo "$RINGMASTER_PROCESS $RINGMASTER_INSTANCE $MINE"; exec sleep 1000', {
          replicas: 2,
          env: { MINE: 'of ${instance.name}' },
        }),
      })
      await ringmaster.line(/^web\.1 \| web 1 of web\.1$/)
      await ringmaster.line(/^web\.2 \| web 2 of web\.2$/)
    },
  )

  t.test(`${way}: TERM stops all in order, and the code is 0`, { skip }, async (t) => {
    const ringmaster = await run(t, {
      web: script('trap "echo got TERM; exit 5" TERM; echo up; while :; do sleep 0.01; done', {
        replicas: 2,
      }),
      job: script('trap "echo got INT; exit 0" INT; echo up; while :; do sleep 0.01; done', {
        stopSignal: 'INT',
      }),
    })
    for (const name of ['web.1', 'web.2', 'job.1'])
      await ringmaster.line(new RegExp(`^${name} \\| up$`))
    ringmaster.signal('SIGTERM')
    const { stdout, ...exit } = await ringmaster.end()
    t.match(exit, { code: 0, signal: null })
    t.match(stdout, /^web\.1 \| got TERM$/m)
    t.match(stdout, /^web\.2 \| got TERM$/m)
    t.match(stdout, /^job\.1 \| got INT$/m)
  })

  t.test(`${way}: who ignores the stop signal is killed after the grace`, { skip }, async (t) => {
    const ringmaster = await run(t, {
      web: script('trap "" TERM; echo up; while :; do sleep 0.01; done', {
        terminationGracePeriodSeconds: 0.1,
      }),
    })
    await ringmaster.line(/^web\.1 \| up$/)
    ringmaster.signal('SIGTERM')
    const { stderr, code } = await ringmaster.end()
    t.equal(code, 0)
    t.match(stderr, /"cause":"grace-exceeded","killed":true,"signal":"SIGKILL"/)
  })

  t.test(`${way}: a second INT ends the waiting`, { skip }, async (t) => {
    const ringmaster = await run(t, {
      web: script('trap "" TERM; echo up; while :; do sleep 0.01; done', {
        terminationGracePeriodSeconds: 600,
      }),
    })
    await ringmaster.line(/^web\.1 \| up$/)
    ringmaster.signal('SIGINT')
    await ringmaster.line(/web\.1 stops/)
    ringmaster.signal('SIGINT')
    t.same(await ringmaster.exit(), { code: 0, signal: null })
  })

  t.test(`${way}: TERM during a wait before a restart ends at once`, { skip }, async (t) => {
    const ringmaster = await run(t, {
      web: script('exit 1', { backoff: { initialSeconds: 600, maxSeconds: 600 } }),
    })
    await ringmaster.line(/web\.1 restarts in \d+ ms/)
    ringmaster.signal('SIGTERM')
    t.same(await ringmaster.exit(), { code: 0, signal: null })
  })

  t.test(
    `${way}: what a run leaves behind ends before the next one starts`,
    { skip },
    async (t) => {
      const ringmaster = await run(t, {
        web: script(
          'setsid sh -c "sleep 1000 & wait" & sleep 1000 & echo up; sleep 0.02; exit 1',
          quick,
        ),
      })
      for (let round = 0; round < 4; round++) await ringmaster.line(/^web\.1 \| up$/)
      const marks = descendants(ringmaster.pid).map(({ pid }) =>
        environmentOf(pid)?.find(isRunMark),
      )
      t.equal(new Set(marks.filter((mark) => mark !== undefined)).size <= 1, true, `${marks}`)
      ringmaster.signal('SIGTERM')
      t.same(await ringmaster.exit(), { code: 0, signal: null })
    },
  )

  t.test(`${way}: orphans are reaped and counted`, { skip }, async (t) => {
    const ringmaster = await run(t, {
      web: script('for i in 1 2 3 4 5 6 7 8 9; do (sleep 0.01 &) ; done; echo up; exec sleep 1000'),
    })
    await ringmaster.line(/^web\.1 \| up$/)
    await ringmaster.until(
      () => ringmaster.children().length === 1 && ringmaster.zombies().length === 0,
    )
  })

  t.test(`${way}: what nobody knows of is told to end, and ended, last`, { skip }, async (t) => {
    const told = join(folder(t), 'told')
    // Another session, another environment, no parent: nothing of it shows whose it is.
    const hidden = `trap "echo TERM > ${told}" TERM; echo $$ > ${told}; while :; do sleep 0.01; done`
    const ringmaster = await supervise(t, start, {
      processes: {
        web: script(
          `(env -i PATH="$PATH" RINGMASTER_TEST="$RINGMASTER_TEST" setsid sh -c '${hidden}' > /dev/null 2>&1 &); until [ -s ${told} ]; do :; done; echo up; exec sleep 1000`,
        ),
      },
    })
    await ringmaster.line(/^web\.1 \| up$/)
    const pid = ringmaster.outside(Number(readFileSync(told, 'utf8')))
    ringmaster.signal('SIGTERM')
    t.same(await ringmaster.exit(), { code: 0, signal: null })
    t.equal(readFileSync(told, 'utf8'), 'TERM\n')
    t.equal(ringmaster.state(pid), undefined)
  })
}

function isRunMark(entry: string): boolean {
  return entry.startsWith('RINGMASTER_RUN=')
}
