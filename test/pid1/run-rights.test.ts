import t from 'tap'
import { isRoot, needsRoot } from '../rig/exec-helper.ts'
import { alone, inNamespace, needsNamespace } from '../rig/ringmaster.ts'
import { script, supervise } from '../rig/supervise.ts'

const nobody = { securityContext: { runAsUser: 65534, runAsGroup: 65533 }, workingDir: '/' }

t.test(
  'a process runs as its user and group, without the groups of root',
  { skip: needsRoot },
  async (t) => {
    const ringmaster = await supervise(t, inNamespace, {
      processes: {
        web: script(
          'id -u; id -g; id -G; grep NoNewPrivs /proc/self/status; exec sleep 1000',
          nobody,
        ),
      },
    })
    await ringmaster.line(/^web\.1 \| 65534$/)
    await ringmaster.line(/^web\.1 \| 65533$/)
    await ringmaster.line(/^web\.1 \| 65533$/)
    await ringmaster.line(/^web\.1 \| NoNewPrivs:\s1$/)
  },
)

t.test(
  'its output belongs to it: /dev/stdout and /dev/stderr can be opened',
  { skip: needsRoot },
  async (t) => {
    const ringmaster = await supervise(t, inNamespace, {
      processes: {
        web: script('echo one > /dev/stdout; echo two > /dev/stderr; exec sleep 1000', nobody),
      },
    })
    await ringmaster.line(/^web\.1 \| one$/)
    await ringmaster.line(/^web\.1 \| two$/)
  },
)

t.test('it cannot enter a folder that its user may not', { skip: needsRoot }, async (t) => {
  const ringmaster = await supervise(t, alone, {
    processes: {
      web: script('echo in', { ...nobody, workingDir: '/root', restartPolicy: 'Never' }),
    },
  })
  const { code, stderr } = await ringmaster.end()
  t.equal(code, 126)
  t.match(stderr, /"refused":"EACCES workingDir=\/root"/)
})

t.test(
  'root is refused where it is not written',
  { skip: isRoot ? needsNamespace : needsRoot },
  async (t) => {
    const ringmaster = await supervise(t, inNamespace, {
      processes: { web: script('echo never', { securityContext: {} }) },
    })
    const { code, stdout, stderr } = await ringmaster.end()
    t.equal(code, 78)
    t.equal(stdout, '')
    t.match(stderr, /web.*\n.*runAsUser: 65534\n.*runAsUser: 0/)
  },
)

t.test('a user that nobody knows is refused before anything starts', async (t) => {
  const ringmaster = await supervise(t, alone, {
    processes: {
      web: script('echo never'),
      job: script('echo never', { securityContext: { runAsUser: 'no-such-user' } }),
    },
  })
  t.match(await ringmaster.end(), {
    code: 78,
    stdout: '',
    stderr:
      'ringmaster: cannot start job: runAsUser "no-such-user" is not in /etc/passwd; add it there or write its number\n',
  })
})

t.test(
  'a user that may have no further process now gets it when one has ended',
  { skip: needsRoot },
  async (t) => {
    // A user of this test alone: the kernel counts the processes of all.
    const runAsUser = 100_000_000 + process.pid
    const ringmaster = await supervise(t, inNamespace, {
      processes: {
        web: {
          command: ['sleep', '1'],
          replicas: 3,
          restartPolicy: 'Never',
          securityContext: { runAsUser },
          // The one that changes to the user is not counted yet, so two run.
          resources: { rlimits: { nproc: 1 } },
        },
        // Keeps Ringmaster root, so that the children change their user and the kernel looks at the limit.
        root: script('exec sleep 1000'),
      },
    })
    const [, waiting] = await ringmaster.line(
      /"instance":"(web\.\d)".*"phase":"pending","previous":"stopping","refused":"EAGAIN command=/,
    )
    await ringmaster.line(new RegExp(`"instance":"${waiting}".*"phase":"succeeded"`))
  },
)
