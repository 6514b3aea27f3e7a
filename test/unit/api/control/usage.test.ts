import t from 'tap'
import { controlApp } from '../../../rig/control-app.ts'

const usage = { cpuSeconds: 1, residentBytes: 4096, openFds: undefined }

t.test('what instances use is told of those that are named', async (t) => {
  let looks = 0
  const { app } = controlApp({
    usages: {
      async now() {
        looks += 1
        const live = new Map([['web.1', usage]])
        return { atMonoMs: 1500, live, cpuSeconds: new Map([['web.1', 7.5]]) }
      },
    },
  })
  const web = [
    { name: 'web.1', cpuSeconds: 7.5, residentBytes: 4096, openFds: null },
    { name: 'web.2', cpuSeconds: 0, residentBytes: null, openFds: null },
  ]
  const told = (await app.inject('/v1/usage?name=web')).json()
  t.same(told, { atSeconds: 1.5, instances: web })
  const all = (await app.inject('/v1/usage')).json()
  t.same(
    all.instances.map(({ name }: { readonly name: string }) => name),
    ['web.1', 'web.2', 'job.1'],
  )
  t.equal(looks, 2)
  t.equal((await app.inject('/v1/usage?name=nobody')).statusCode, 404)
  t.equal(looks, 2, 'nothing is looked up for who names nobody')
})
