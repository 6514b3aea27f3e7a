import { chmodSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { alone, needsNamespace, ways } from '../rig/ringmaster.ts'
import { folder, script, supervise } from '../rig/supervise.ts'

const never = { restartPolicy: 'Never' }

/** A file that is no program in one way or another. */
function file(t: Test, text: string, mode: number): string {
  const path = join(folder(t), 'program')
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

t.test('a working directory that is gone is no reason to refuse a start', async (t) => {
  const gone = join(folder(t), 'gone')
  const by = ['sh', '-c', `mkdir ${gone} && cd ${gone} && rmdir ${gone} && exec "$@"`, 'sh']
  const web = { command: ['echo', 'ran'], ...never }
  const ringmaster = await supervise(t, alone, { processes: { web } }, { by })
  t.match(await ringmaster.end(), { code: 0, stdout: /^web\.1 \| ran$/m })
  const relative = await alone(t, ['run', 'ringmaster.yaml'], { by })
  t.match(await relative.end(), { code: 78, stderr: /^cannot read ringmaster\.yaml: there is no / })
  const none = await alone(t, ['run'], { by })
  t.match(await none.end(), { code: 78, stderr: /^cannot find a configuration: looked for / })
})

for (const { way, start, skip } of ways) {
  t.test(
    `${way}: what cannot be executed says why, by the names of the kernel`,
    { skip },
    async (t) => {
      for (const [command, code, refused] of [
        ['x'.repeat(200_000), 126, 'E2BIG fork (arguments and environment are too large)'],
        ['no-such-command', 127, 'ENOENT command=no-such-command (not found in PATH)'],
        ['/no/such/command', 127, 'ENOENT command=/no/such/command (no such file)'],
        [file(t, 'echo hello\n', 0o644), 126, 'EACCES command=/'],
        [file(t, '\u007fELF but not really', 0o755), 126, 'ENOEXEC command=/'],
        [file(t, '#!/no/such/interpreter\n', 0o755), 127, 'ENOENT interpreter of /'],
        ['/etc', 126, 'EACCES command=/etc (not executable, or a directory)'],
      ] as const) {
        const ringmaster = await supervise(t, start, {
          processes: { web: { command: [command], ...never } },
        })
        const { code: found, stderr } = await ringmaster.end()
        t.equal(found, code, command)
        t.match(stderr, `"refused":"${refused}`, command)
      }
    },
  )

  t.test(
    `${way}: a folder that is not there is no reason to refuse the start`,
    { skip },
    async (t) => {
      const workingDir = join(folder(t), 'later')
      const ringmaster = await supervise(t, start, {
        processes: {
          web: script('echo "in $PWD"; exec sleep 1000', {
            workingDir,
            backoff: { initialSeconds: 0.05, maxSeconds: 0.05 },
            restartLimit: null,
          }),
        },
      })
      await ringmaster.line(/"cause":"exec-failed".*"refused":"ENOENT workingDir=/)
      mkdirSync(workingDir)
      await ringmaster.line(new RegExp(`^web\\.1 \\| in ${workingDir}$`))
      rmdirSync(workingDir)
      ringmaster.signal('SIGTERM')
      t.match(await ringmaster.end(), { code: 0 })
    },
  )
}

t.test(
  'when descriptors run out, what cannot start is tried again, and all else goes on',
  async (t) => {
    const ringmaster = await supervise(
      t,
      alone,
      {
        http: { host: '127.0.0.1', port: 0 },
        processes: {
          web: script('echo up; exec sleep 1000', { replicas: 60 }),
          job: script('echo crash; exit 1', { backoff: { initialSeconds: 0.05 } }),
        },
      },
      { by: ['prlimit', '--nofile=40:40'] },
    )
    await ringmaster.line(/cannot start now: EMFILE/)
    const [, port] = await ringmaster.line(/127\.0\.0\.1:(\d+)\/readyz/)
    t.equal((await fetch(`http://127.0.0.1:${port}/livez`)).status, 200)
    ringmaster.signal('SIGTERM')
    t.match(await ringmaster.end(), { code: 0 })
  },
)

t.test('a container without /dev/null is told so', { skip: needsNamespace }, async (t) => {
  const unshare = process.getuid?.() === 0 ? '-m' : '-Urm'
  const by = ['unshare', unshare, 'sh', '-c', 'mount -t tmpfs none /dev && exec "$@"', 'sh']
  const ringmaster = await supervise(t, alone, { processes: { web: script('echo never') } }, { by })
  await ringmaster.line(/cannot start: ENOENT open \/dev\/null/)
  ringmaster.signal('SIGTERM')
  t.match(await ringmaster.end(), { code: 0, stdout: '' })
})

t.test(
  'when processes run out, what cannot start is tried again',
  { skip: process.getuid?.() !== 0 && 'not root' },
  async (t) => {
    const uid = '54321'
    const ringmaster = await supervise(
      t,
      alone,
      {
        processes: {
          web: script('echo up; exec sleep 1000', { replicas: 30, securityContext: {} }),
        },
      },
      {
        by: [
          'setpriv',
          `--reuid=${uid}`,
          `--regid=${uid}`,
          '--clear-groups',
          'prlimit',
          '--nproc=30:30',
        ],
      },
    )
    await ringmaster.line(/cannot start now: EAGAIN/)
    ringmaster.signal('SIGTERM')
    t.match(await ringmaster.end(), { code: 0 })
  },
)
