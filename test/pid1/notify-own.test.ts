import { closeSync } from 'node:fs'
import t, { type Test } from 'tap'
import { native } from '../../src/os/native.ts'
import { alone, ways } from '../rig/ringmaster.ts'
import { script, supervise } from '../rig/supervise.ts'
import { until } from '../rig/wait.ts'

for (const { way, start, skip } of ways) {
  t.test(
    `${way}: Ringmaster says itself that it has started, and that it stops`,
    { skip },
    async (t) => {
      const manager = listen(t)
      const env = { NOTIFY_SOCKET: manager.address, WATCHDOG_USEC: '200000' }
      const ringmaster = await supervise(
        t,
        start,
        {
          processes: {
            web: script('env | grep -c -e NOTIFY -e WATCHDOG; exec sleep 1000', {
              readinessProbe: { exec: { command: 'true' } },
            }),
          },
        },
        { env },
      )
      await manager.line('STATUS=0 of 1 processes ready')
      await manager.line('READY=1')
      await manager.line('STATUS=1 of 1 processes ready')
      t.ok(
        manager.lines.indexOf('STATUS=0 of 1 processes ready') < manager.lines.indexOf('READY=1'),
      )
      await manager.fed(4)
      await ringmaster.line(/^web\.1 \| 0$/)
      ringmaster.signal('SIGTERM')
      await ringmaster.exit()
      await manager.line('STOPPING=1')
      await manager.line('STATUS=shutting down: SIGTERM')
    },
  )
}

t.test('a manager that is not there is told of once', async (t) => {
  const env = { NOTIFY_SOCKET: '/nosuch/socket' }
  const ringmaster = await supervise(
    t,
    alone,
    { processes: { web: script('exit 0', { restartPolicy: 'Never' }) } },
    { env },
  )
  const { stderr, code } = await ringmaster.end()
  t.equal(code, 0)
  t.equal(stderr.match(/nobody hears at NOTIFY_SOCKET: ENOENT/g)?.length, 1)
})

/** Stands for systemd: the lines of all that is sent to it. */
function listen(t: Pick<Test, 'teardown'>) {
  const address = `@ringmaster-test-${process.pid}`
  const fd = native().listenDatagrams(address)
  t.teardown(() => closeSync(fd))
  const lines: string[] = []
  const bytes = Buffer.alloc(4096)
  const read = () => {
    for (;;) {
      const length = native().receiveDatagram(fd, bytes, new Uint32Array(2))
      if (length < 0) return
      lines.push(...bytes.toString('utf8', 0, length).split('\n'))
    }
  }
  const line = (wanted: string) =>
    until(
      () => {
        read()
        return lines.includes(wanted)
      },
      () => `no ${wanted} in ${lines}`,
    )
  const fed = (times: number) =>
    until(() => {
      read()
      return lines.filter((line) => line === 'WATCHDOG=1').length >= times
    })
  return { address, lines, line, fed }
}
