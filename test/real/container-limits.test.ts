// The image where a container runs into its limits, and what it tells of its end.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { configured, runContainer } from '../rig/containers.ts'
import { needsContainers, projectImage } from '../rig/images.ts'
import { until } from '../rig/launched.ts'
import { descendants, programOf } from '../rig/proc.ts'
import { folder } from '../rig/supervise.ts'

t.setTimeout(900_000)
t.jobs = 1
const skip = needsContainers
const image = skip ? '' : projectImage()

t.test(
  'without a free pid a restart is told and put off, and done when there is one',
  { skip },
  async (t) => {
    // Takes every pid that the container has, again and again.
    const eat = `$| = 1; while (1) {
      my $pid = fork;
      if (!defined $pid) { print "full\\n" if !$full++; select undef, undef, undef, 0.01 }
      elsif (!$pid) { sleep 1000; exit }
    }`
    const processes = {
      eater: { command: ['perl', '-e', eat], restartPolicy: 'Never', essential: false },
      crash: { command: ['sh', '-c', 'sleep 1; exit 1'], restartLimit: null },
    }
    const options = ['--pids-limit=60', ...configured(t, { processes })]
    const container = runContainer(t, image, [], options)
    await container.match(/^eater\.1 \| full$/m)
    await container.match(/crash\.1 cannot start now: EAGAIN/)
    const pid = await container.pid()
    const eater = descendants(pid).find(({ pid }) => programOf(pid)?.endsWith('/perl'))
    process.kill(eater?.pid ?? 0, 'SIGKILL')
    const refused = container.output().lastIndexOf('cannot start now')
    const runs = () => container.output().indexOf('crash.1 runs as process', refused) >= 0
    await until(() => runs() || undefined, { tell: container.output })
    await container.stop()
    t.equal(await container.ended(), 0)
  },
)

t.test(
  'a process that the kernel kills for want of memory is told as such, and the others go on',
  { skip },
  async (t) => {
    const processes = {
      hog: {
        command: ['tail', '/dev/zero'],
        restartPolicy: 'Never',
        essential: false,
        // A kill in the very turn of the event loop that begins the first spawns is not told from others.
        dependsOn: ['web'],
      },
      web: { command: ['sleep', '1000'] },
    }
    // So much that the hog is the largest by far: the kernel takes whom it finds the largest.
    const options = ['--memory=400m', ...configured(t, { processes })]
    const container = runContainer(t, image, [], options)
    await container.match(/"instance":"hog\.1".*"phase":"failed".*"cause":"oom-killed"/)
    t.match(await container.exec('ringmaster', 'probe', 'readyz'), 'ok')
    t.equal(container.output().match(/web\.1 runs as process/g)?.length, 1)
    await container.stop()
    t.equal(await container.ended(), 0)
  },
)

for (const { end, script, isTold } of [
  { end: 'of its own', script: 'echo last words >&2; exit 3', isTold: true },
  { end: 'that was asked for', script: 'exec sleep 1000', isTold: false },
]) {
  t.test(
    `an end ${end} ${isTold ? 'is' : 'is not'} told in the termination log`,
    { skip },
    async (t) => {
      // A kubelet makes the file, and lets everybody write to it.
      const file = join(folder(t), 'termination-log')
      writeFileSync(file, '')
      chmodSync(file, 0o666)
      const main = { command: ['sh', '-c', script], restartPolicy: 'Never' }
      const mount = `--volume=${file}:/dev/termination-log`
      const container = runContainer(
        t,
        image,
        [],
        [mount, ...configured(t, { processes: { main } })],
      )
      await container.match(/main\.1 runs as process/)
      if (!isTold) await container.stop()
      t.equal(await container.ended(), isTold ? 3 : 0)
      const text = readFileSync(file, 'utf8')
      if (!isTold) t.equal(text, '')
      else {
        t.match(text, /^main\.1 failed/)
        t.match(text, /^last words$/m)
      }
    },
  )
}

t.test('a container is healthy while its essential processes are ready', { skip }, async (t) => {
  const backoff = { initialSeconds: 1000, maxSeconds: 1000 }
  const processes = { web: { command: ['sleep', '1000'], backoff } }
  const container = runContainer(t, image, [], configured(t, { processes }))
  await container.match(/web\.1 runs as process/)
  t.equal(await container.isHealthy(), true)
  const pid = await container.pid()
  // At once it is restarted after the first death only.
  for (const number of [1, 2]) {
    await container.match(new RegExp(`"run":${number},"pid":\\d+,"phase":"running"`))
    const web = await until(() =>
      descendants(pid).find(({ pid }) => programOf(pid)?.endsWith('/sleep')),
    )
    process.kill(web.pid, 'SIGKILL')
    await container.match(new RegExp(`"run":${number},"pid":\\d+,"phase":"stopping"`))
  }
  await container.match(/web\.1 restarts in/)
  t.equal(await container.isHealthy(), false)
})
