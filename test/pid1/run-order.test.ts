import t from 'tap'
import { ways } from '../rig/ringmaster.ts'
import { script, supervise } from '../rig/supervise.ts'

for (const { way, start, skip } of ways) {
  t.test(
    `${way}: what depends on a process starts when it is there, and a job has to succeed`,
    { skip },
    async (t) => {
      const ringmaster = await supervise(t, start, {
        processes: {
          web: script('echo serving; exec sleep 1000', {
            dependsOn: { migrate: 'succeeded', db: 'ready' },
          }),
          migrate: script('echo migrating; sleep 0.1; echo migrated', {
            restartPolicy: 'Never',
            dependsOn: ['db'],
          }),
          db: script('echo storing; exec sleep 1000'),
        },
      })
      await ringmaster.line(/^web\.1 \| serving$/)
      ringmaster.signal('SIGTERM')
      const { code, stdout, stderr } = await ringmaster.end()
      t.equal(code, 0)
      const order = ['db.1 | storing', 'migrate.1 | migrating', 'migrate.1 | migrated']
      t.same(stdout.split('\n').slice(0, 4), [...order, 'web.1 | serving'])
      t.match(stderr, /"reason":"waiting for migrate: succeeded, db: ready"/)
    },
  )

  t.test(
    `${way}: what waits for a process that has failed does not keep Ringmaster alive`,
    { skip },
    async (t) => {
      const ringmaster = await supervise(t, start, {
        processes: {
          web: script('echo serving', { dependsOn: ['api'] }),
          api: script('echo answering', { dependsOn: { migrate: 'succeeded' } }),
          migrate: script('exit 3', { restartPolicy: 'Never', essential: false }),
        },
      })
      const { code, stdout } = await ringmaster.end()
      t.same({ code, stdout }, { code: 3, stdout: '' })
    },
  )

  t.test(
    `${way}: what depends on a process, and what that leaves behind, ends before it`,
    { skip },
    async (t) => {
      const slow = (name: string) =>
        `trap "sleep 0.05; echo ${name} ends; exit 0" TERM; echo up; while :; do sleep 0.01; done`
      const ringmaster = await supervise(t, start, {
        processes: {
          db: script(slow('db')),
          web: script(`(${slow('child')}) & exec sleep 1000`, { dependsOn: ['api'] }),
          api: script(slow('api'), { dependsOn: ['db'], replicas: 2 }),
        },
      })
      await ringmaster.line(/^web\.1 \| up$/)
      await ringmaster.line(/^api\.2 \| up$/)
      ringmaster.signal('SIGTERM')
      const { code, stdout } = await ringmaster.end()
      t.equal(code, 0)
      t.same(
        stdout.split('\n').flatMap((line) => /\w+ ends$/.exec(line)?.[0] ?? []),
        ['child ends', 'api ends', 'api ends', 'db ends'],
      )
    },
  )

  t.test(`${way}: a group is restarted in order, with the rest of it`, { skip }, async (t) => {
    const told = (name: string) =>
      `echo ${name} up; trap "echo ${name} ends; exit 0" TERM; while :; do sleep 0.01; done`
    const ringmaster = await supervise(t, start, {
      groups: { pipeline: { processes: ['feed', 'book', 'page'], strategy: 'RestForOne' } },
      processes: {
        page: script(told('page'), { dependsOn: { book: 'started' } }),
        book: script(`case $RINGMASTER_RUN in 2-*) sleep 0.2; exit 1;; esac; ${told('book')}`, {
          dependsOn: { feed: 'started' },
        }),
        feed: script(told('feed')),
      },
    })
    await ringmaster.line(/^book\.1 \| book up$/)
    await ringmaster.line(/^page\.1 \| page ends$/)
    await ringmaster.line(/^page\.1 \| page up$/)
    ringmaster.signal('SIGTERM')
    const { code, stdout, stderr } = await ringmaster.end()
    t.equal(code, 0)
    t.equal(stdout.match(/feed up/g)?.length, 1, 'who stands before it goes on')
    t.match(stderr, /"instance":"page\.1".*"reason":"group pipeline"/)
  })
}
