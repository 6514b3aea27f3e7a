import t from 'tap'
import { select } from '../../../../src/api/control/select.ts'
import { instanceView, processView, viewOf } from '../../../rig/views.ts'

const view = {
  ...viewOf(
    processView('web', instanceView('web.1'), instanceView('web.2')),
    processView('worker', instanceView('worker.1')),
    processView('idle'),
  ),
  groups: [{ name: 'all-web', processes: ['web', 'idle'] }],
}

const chosen = (...names: string[]) =>
  select(view, names).map(({ process, instances }) =>
    [process.name, ...instances.map(({ name }) => name)].join(' '),
  )

t.test('what a name stands for', async (t) => {
  const all = ['web web.1 web.2', 'worker worker.1', 'idle']
  for (const [names, expected] of [
    [[], all],
    [['all'], all],
    [['*'], all],
    [['worker', 'web'], all.slice(0, 2)],
    [['web.2'], ['web web.2']],
    [['web.2', 'web'], ['web web.1 web.2']],
    [['w*'], all.slice(0, 2)],
    [['*.1'], ['web web.1', 'worker worker.1']],
    [['all-web'], ['web web.1 web.2', 'idle']],
    [['idle'], ['idle']],
  ] as const) {
    t.same(chosen(...names), expected, names.join(' '))
  }
})

t.test('a name that nothing has is refused, with the one that was meant', async (t) => {
  for (const [name, message] of [
    ['webb', 'no such process or group webb; did you mean web?'],
    ['web.7', 'no such instance web.7; did you mean web.1?'],
    ['workers', 'no such process or group workers; did you mean worker?'],
    ['q*', 'no such process or group q*'],
    ['zzz', 'no such process or group zzz'],
  ] as const) {
    t.throws(() => chosen('web', name), { code: 'NO_SUCH_NAME', message })
  }
})
