import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { alone } from '../rig/ringmaster.ts'
import type { Running } from '../rig/running.ts'
import { folder } from '../rig/supervise.ts'

/** A process that runs `text` in a shell. */
const shell = (text: string, fields: object = {}) => ({
  ...{ command: ['sh', '-c', text.replaceAll('$', '$$$$')], ...fields },
  securityContext: { runAsUser: process.getuid?.() },
})
const sleeper = (word: string, fields: object = {}) =>
  shell(`echo ${word}; exec sleep 1000`, fields)

interface Reloaded {
  readonly ringmaster: Running
  /** Writes the file anew and has it read. */
  reload(config: object | string): void
}

async function start(t: Test, config: object): Promise<Reloaded> {
  const path = join(folder(t), 'ringmaster.yaml')
  const write = (config: object | string) =>
    writeFileSync(path, typeof config === 'string' ? config : JSON.stringify(config))
  write({ http: false, control: false, ...config })
  const ringmaster = await alone(t, ['run', path])
  return {
    ringmaster,
    reload(config) {
      write(typeof config === 'string' ? config : { http: false, control: false, ...config })
      ringmaster.signal('SIGHUP')
    },
  }
}

async function stop(t: Test, ringmaster: Running): Promise<void> {
  ringmaster.signal('SIGTERM')
  t.match(await ringmaster.end(), { code: 0 })
}

t.test('HUP changes what differs, one instance after the other, and nothing else', async (t) => {
  const db = sleeper('db')
  const web = sleeper('old', { replicas: 2 })
  const { ringmaster, reload } = await start(t, { processes: { web, db } })
  await ringmaster.line(/^web\.1 \| old$/)
  await ringmaster.line(/^web\.2 \| old$/)
  await ringmaster.line(/^db\.1 \| db$/)
  reload({ processes: { web, db } })
  await ringmaster.line(/the configuration is as it was/)
  reload({ processes: { web: sleeper('new', { replicas: 2 }), db } })
  await ringmaster.line(/web rollout \(command\)/)
  await ringmaster.line(/^web\.1 \| new$/)
  await ringmaster.line(/^web\.2 \| new$/)
  await ringmaster.line(/rollout of web to revision 2 is completed/)
  t.equal(ringmaster.stdout.split('db.1 | db').length, 2, 'the other one stays')
  await stop(t, ringmaster)
})

t.test('a spec that ends again and again goes back by itself', async (t) => {
  const web = sleeper('old', { replicas: 2 })
  const { ringmaster, reload } = await start(t, { processes: { web } })
  await ringmaster.line(/^web\.2 \| old$/)
  reload({ processes: { web: shell('exit 3', { replicas: 2 }) } })
  await ringmaster.line(/rollout of web to revision 2 has failed: web\.1 ended 3 times/)
  await ringmaster.line(/web has returned to revision 1/)
  await stop(t, ringmaster)
})

t.test('a file that cannot be used changes nothing, and says why', async (t) => {
  const web = sleeper('up')
  const { ringmaster, reload } = await start(t, { processes: { web } })
  await ringmaster.line(/^web\.1 \| up$/)
  reload({ processes: { web: { ...web, replicas: 'many' } } })
  await ringmaster.line(/"level":"error".*ringmaster\.yaml:1:\d+: processes\.web\.replicas/)
  reload('')
  await ringmaster.line(/"level":"error".*nothing changes: .*ringmaster\.yaml/)
  await stop(t, ringmaster)
  t.equal(ringmaster.stdout, 'web.1 | up\n')
})

t.test('processes come and go, and replicas change', async (t) => {
  const { ringmaster, reload } = await start(t, { processes: { web: sleeper('web') } })
  await ringmaster.line(/^web\.1 \| web$/)
  reload({ processes: { web: sleeper('web', { replicas: 3 }), db: sleeper('db') } })
  await ringmaster.line(/^web\.3 \| web$/)
  await ringmaster.line(/^db\.1 \| db$/)
  reload({ processes: { db: sleeper('db') } })
  await ringmaster.line(/web\.1 is no more/)
  await ringmaster.line(/web\.3 is no more/)
  await stop(t, ringmaster)
})

t.test('what only a restart of the container changes is named', async (t) => {
  const processes = { web: sleeper('up') }
  const { ringmaster, reload } = await start(t, { processes })
  await ringmaster.line(/^web\.1 \| up$/)
  reload({ processes, logs: { maxLineBytes: 2048 }, shutdown: { drainSeconds: 0.1 } })
  await ringmaster.line(/shutdown, logs \(needs a restart of the container\)/)
  await stop(t, ringmaster)
})
