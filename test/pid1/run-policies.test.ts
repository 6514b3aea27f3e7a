import t from 'tap'
import { ways } from '../rig/ringmaster.ts'
import { script, supervise } from '../rig/supervise.ts'

const quick = { backoff: { initialSeconds: 0 } }
const stays = script('echo up; exec sleep 1000')

for (const { way, start, skip } of ways) {
  t.test(
    `${way}: the restart limit gives up, with the code of the last run`,
    { skip },
    async (t) => {
      const ringmaster = await supervise(t, start, {
        processes: {
          web: script('echo run; exit 9', {
            ...quick,
            restartLimit: { count: 3, withinSeconds: 60 },
          }),
          other: stays,
        },
      })
      const { code, stdout, stderr } = await ringmaster.end()
      t.equal(code, 9)
      t.equal(stdout.match(/^web\.1 \| run$/gm)?.length, 4)
      t.match(stderr, /restart limit: 3 within 60 s/)
    },
  )

  t.test(`${way}: giving up on a success is 69`, { skip }, async (t) => {
    const ringmaster = await supervise(t, start, {
      processes: {
        web: script('exit 0', { ...quick, restartLimit: { count: 1, withinSeconds: 60 } }),
      },
    })
    t.match(await ringmaster.end(), { code: 69 })
  })

  t.test(`${way}: a run that is too old makes room for the next one`, { skip }, async (t) => {
    const ringmaster = await supervise(t, start, {
      processes: {
        web: script(
          'echo "run $RINGMASTER_RUN"; trap "echo bye; exit 0" TERM; while :; do sleep 0.1; done',
          {
            ...{
              replicas: 2,
              maxAgeSeconds: 0.5,
              restartLimit: { count: 0 },
              restartPolicy: 'Never',
            },
          },
        ),
      },
    })
    for (const name of ['web.1', 'web.2']) {
      await ringmaster.line(new RegExp(`^${name} \\| bye$`))
      await ringmaster.line(new RegExp(`"instance":"${name}".*"cause":"max-age","delayMs":0`))
      await ringmaster.line(new RegExp(`^${name} \\| run [3-9]`))
    }
    ringmaster.signal('SIGTERM')
    t.match(await ringmaster.end(), { code: 0 })
  })

  t.test(
    `${way}: what is not essential may fail; when all have ended, the first that failed says the code`,
    { skip },
    async (t) => {
      const optional = { essential: false, restartPolicy: 'Never' }
      const ringmaster = await supervise(t, start, {
        processes: {
          late: script('sleep 0.5; exit 5', optional),
          first: script('exit 4', optional),
          fine: script('exit 0', optional),
        },
      })
      t.match(await ringmaster.end(), { code: 4 })
    },
  )

  t.test(
    `${way}: shutdownOnExit ends everything by a success, with its code`,
    { skip },
    async (t) => {
      const ringmaster = await supervise(t, start, {
        processes: {
          job: script('sleep 0.1; exit 6', { shutdownOnExit: true, successExitCodes: [0, 6] }),
          other: stays,
        },
      })
      t.match(await ringmaster.end(), { code: 6 })
    },
  )

  t.test(
    `${way}: a code that was named a success is not restarted on failure`,
    { skip },
    async (t) => {
      const ringmaster = await supervise(t, start, {
        processes: { job: script('exit 3', { restartPolicy: 'OnFailure', successExitCodes: [3] }) },
      })
      t.match(await ringmaster.end(), { code: 0 })
    },
  )

  t.test(`${way}: a start waits for its delay`, { skip }, async (t) => {
    const ringmaster = await supervise(t, start, {
      processes: {
        now: stays,
        late: script('echo late', { startDelaySeconds: 0.3, shutdownOnExit: true }),
      },
    })
    const { code, stdout } = await ringmaster.end()
    t.equal(code, 0)
    t.match(stdout, /^now\.1 \| up\n(.*\n)*late\.1 \| late$/m)
  })

  t.test(`${way}: output is joined, left alone or thrown away as written`, { skip }, async (t) => {
    const both = 'echo out; echo err >&2; exit 0'
    const once = { restartPolicy: 'Never' }
    const ringmaster = await supervise(t, start, {
      processes: {
        joined: script(both, { ...once, logs: { stderr: 'stdout' } }),
        quiet: script(both, { ...once, logs: { stdout: 'discard', stderr: 'discard' } }),
        bare: script('echo bare', { ...once, logs: { stdout: 'inherit' } }),
        json: script('echo json', { ...once, logs: { format: 'json' } }),
      },
    })
    const { code, stdout, stderr } = await ringmaster.end()
    t.equal(code, 0)
    const lines = stdout.trimEnd().split('\n').sort()
    t.match(lines, ['bare', 'joined.1 | err', 'joined.1 | out', /^\{.*"line":"json"\}$/])
    t.equal(lines.length, 4)
    t.notMatch(stderr, /\| err/)
  })
}
