import t from 'tap'
import { parseReport } from '../../../src/os/child.ts'
import { describeStep } from '../../../src/os/refusal.ts'

t.test('a report is an errno and a step', async (t) => {
  t.same(parseReport('13 cwd\n'), { errno: 'EACCES', step: 'cwd' })
  t.same(parseReport('1 rlimit:nofile\n'), { errno: 'EPERM', step: 'rlimit:nofile' })
  t.same(parseReport('8 exec\n'), { errno: 'ENOEXEC', step: 'exec' })
  t.same(parseReport('9999 exec\n'), { errno: 'errno 9999', step: 'exec' })
  t.equal(parseReport(''), undefined)
})

t.test('a refused step is told in the words of the configuration, with its value', async (t) => {
  const resources = {
    ...{ rlimits: { nofile: 9, core: 0 }, nice: -5, umask: null, oomScoreAdj: -9 },
    ...{ ioClass: 'realtime', cpuAffinity: '8' },
  }
  const of = (errno: string, step: string, command = 'app', executable = command) =>
    describeStep({ errno, step }, { command: [command], executable, resources, workingDir: '/srv' })
  t.match(of('EPERM', 'rlimit:nofile'), /^rlimits\.nofile=9 \(.*CAP_SYS_RESOURCE\)$/)
  t.equal(of('EINVAL', 'rlimit:nofile'), 'rlimits.nofile=9')
  t.equal(of('EINVAL', 'rlimit'), 'rlimit')
  t.match(of('EACCES', 'nice'), /^nice=-5 \(.*CAP_SYS_NICE\)$/)
  t.match(of('EACCES', 'oom'), /^oomScoreAdj=-9 \(.*CAP_SYS_RESOURCE\)$/)
  t.match(of('EPERM', 'ionice'), /^ioClass=realtime \(.*CAP_SYS_NICE\)$/)
  t.equal(of('EINVAL', 'affinity'), 'cpuAffinity=8 (Ringmaster may run on none of them)')
  t.equal(of('EPERM', 'affinity'), 'cpuAffinity=8')
  t.equal(of('EACCES', 'cwd'), 'workingDir=/srv')
  t.equal(of('ENOENT', 'exec'), 'command=app (not found in PATH)')
  t.equal(of('ENOENT', 'exec', '/app'), 'command=/app (no such file)')
  t.equal(
    of('ENOENT', 'exec', '$(APP)', '/srv/secret'),
    'command=$(APP) (no such file)',
    'with its references',
  )
  t.match(of('EACCES', 'exec'), /^command=app \(not executable/)
  t.match(of('ENOEXEC', 'exec'), /^command=app \(neither a program/)
  t.equal(of('EAGAIN', 'exec'), 'command=app')
  t.equal(of('ENOENT', 'interpreter'), 'interpreter of app')
  t.equal(of('E2BIG', 'fork'), 'fork (arguments and environment are too large)')
  t.equal(of('EAGAIN', 'fork'), 'fork')
})
