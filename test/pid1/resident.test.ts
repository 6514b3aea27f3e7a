// What Ringmaster takes of memory once it has started.
import t from 'tap'
import { control } from '../rig/control.ts'
import { privateBytes, residentBytes } from '../rig/proc.ts'
import { inNamespace, needsNamespace } from '../rig/ringmaster.ts'
import { script, supervise } from '../rig/supervise.ts'
import { until } from '../rig/wait.ts'

/** Node.js alone has more than 40 MB. */
const mostBytes = 32e6
const untilTold = 'trap "exit 3" TERM; echo up; while :; do sleep 0.1; done'

t.test(
  'once started, run gives back what it has read of its program, and goes on',
  { skip: needsNamespace },
  async (t) => {
    const config = { processes: { web: script(untilTold) }, http: { port: 0 } }
    const run = await supervise(t, inNamespace, config)
    await run.line(/^web\.1 \| up$/)
    await until(() => residentBytes(run.pid) < mostBytes)
    run.signal('SIGTERM')
    t.match(await run.end(), { code: 0, stderr: /web\.1 stopped: code 3/ })
  },
)

t.test('so does exec', { skip: needsNamespace }, async (t) => {
  const init = await inNamespace(t, ['exec', 'sh', '-c', untilTold])
  await init.line(/^up$/)
  await until(() => residentBytes(init.pid) < mostBytes)
  init.signal('SIGTERM')
  t.match(await init.end(), { code: 3 })
})

t.test('after many restarts run does so again', { skip: needsNamespace }, async (t) => {
  const web = { command: ['sleep', '1000'], replicas: 30, restartLimit: null }
  const { ringmaster, ask } = await control(t, inNamespace, { processes: { web } })
  await until(() => residentBytes(ringmaster.pid) < mostBytes)
  while (residentBytes(ringmaster.pid) < mostBytes) t.match(ask('status'), { code: 0 })
  t.match(ask('restart', 'web'), { code: 0 })
  await until(() => residentBytes(ringmaster.pid) < mostBytes)
})

t.test('one more idle instance takes no more than 13 KB', { skip: needsNamespace }, async (t) => {
  const [few, many] = [20, 320]
  const start = (replicas: number) =>
    supervise(t, inNamespace, {
      processes: { idle: { command: ['sleep', '1000'], replicas } },
      http: { port: 0 },
    })
  const [less, more] = [await start(few), await start(many)]
  await more.line(new RegExp(`idle\\.${many} runs`))
  // Their start is over.
  await until(() => [less, more].every(({ pid }) => residentBytes(pid) < mostBytes))
  const eachBytes = (privateBytes(more.pid) - privateBytes(less.pid)) / (many - few)
  t.comment({ eachBytes })
  t.ok(eachBytes < 13 * 1024)
})
