import t from 'tap'
import { createEnvironment, inheritable } from '../../../src/os/environment.ts'

const own = {
  ...{ PATH: '/bin', HOME: '/root', USER: 'root', TZ: 'UTC', LC_ALL: 'C', LC: 'no', APP_A: 'a' },
  ...{ NODE_OPTIONS: '--trace-warnings', NOTIFY_SOCKET: '/run/n', LISTEN_FDS: '1' },
  ...{
    LISTEN_PID: '1',
    NODE_CHANNEL_FD: '3',
    WATCHDOG_USEC: '5',
    WATCHDOG_PID: '1',
    'a.c': 'dot',
    abc: 'no dot',
  },
}

interface Given {
  readonly inheritEnv?: true | readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly user?: Readonly<Record<string, string | undefined>>
}

function environmentOf({ inheritEnv = true, env = {}, user = {} }: Given = {}) {
  const spec = { process: 'web', number: 2, inheritEnv, env }
  const made = createEnvironment(spec, '7-abc', user, inheritable(own))
  return Object.fromEntries(Object.entries(made).filter(([, value]) => value !== undefined))
}

const names = { RINGMASTER_PROCESS: 'web', RINGMASTER_INSTANCE: '2', RINGMASTER_RUN: '7-abc' }

t.test('all is inherited but what was meant for Ringmaster itself', async (t) => {
  const { NOTIFY_SOCKET, LISTEN_FDS, LISTEN_PID, ...others } = own
  const { NODE_CHANNEL_FD, WATCHDOG_USEC, WATCHDOG_PID, ...rest } = others
  t.same(environmentOf(), { ...rest, ...names })
  const env = { NOTIFY_SOCKET: '/own', LISTEN_FDS: '2' }
  t.match(environmentOf({ env }), env, 'unless the process has it from its own config')
})

t.test('patterns choose: * is any text, ? one character, all else itself', async (t) => {
  const chosen = (...inheritEnv: string[]) => {
    const { RINGMASTER_PROCESS, RINGMASTER_INSTANCE, RINGMASTER_RUN, ...rest } = environmentOf({
      inheritEnv,
    })
    return Object.keys(rest).sort()
  }
  t.same(chosen(), [])
  t.same(chosen('PATH', 'LC_*', 'TZ'), ['LC_ALL', 'PATH', 'TZ'])
  t.same(chosen('APP_?', 'T?'), ['APP_A', 'TZ'])
  t.same(chosen('a.c'), ['a.c'])
  t.same(chosen('a?c'), ['a.c', 'abc'])
  t.same(chosen('[A-Z]*', '(', '\\'), [])
  t.same(chosen('path', 'PAT', 'ATH'), [])
  t.same(chosen('LISTEN_*', 'NOTIFY_SOCKET', 'NODE_*'), ['NODE_OPTIONS'], 'never these')
  t.same(chosen('*').length, Object.keys(own).length - 6)
})

t.test(
  "the user's variables take the place of inherited ones, and the spec's of both",
  async (t) => {
    const user = { HOME: '/srv/web', USER: undefined }
    t.match(environmentOf({ user }), { HOME: '/srv/web', ...names })
    t.notOk('USER' in environmentOf({ user }), 'whoever has no name has none')
    t.match(environmentOf({ user, env: { HOME: '/x', USER: 'me' } }), { HOME: '/x', USER: 'me' })
  },
)

t.test('a variable refers to those before it', async (t) => {
  const env = {
    PATH: '/opt/bin:$(PATH)',
    ONE: '$(TWO)',
    TWO: '2$(HOME)',
    THREE: '$(TWO)$(PATH)',
    ID: '$(RINGMASTER_PROCESS)-$(RINGMASTER_INSTANCE)',
    PRICE: '5$$ $$(PATH)',
  }
  t.match(environmentOf({ env, user: { HOME: '/srv' } }), {
    ...{ PATH: '/opt/bin:/bin', ONE: '$(TWO)', TWO: '2/srv', THREE: '2/srv/opt/bin:/bin' },
    ...{ ID: 'web-2', PRICE: '5$ $(PATH)' },
  })
})

t.test('what names the run cannot be changed', async (t) => {
  const env = { RINGMASTER_RUN: 'other', SEES: '$(RINGMASTER_RUN)' }
  t.match(environmentOf({ env }), names)
})

t.test('any name will do', async (t) => {
  const env = Object.fromEntries([
    ['__proto__', 'x'],
    ['constructor', '$(__proto__)'],
  ])
  const made = environmentOf({ env })
  t.equal(Object.getOwnPropertyDescriptor(made, '__proto__')?.value, 'x')
})
