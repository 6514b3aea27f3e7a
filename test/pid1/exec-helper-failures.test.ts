import { once } from 'node:events'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  asUser,
  ended,
  helper,
  needsRoot,
  needsUser,
  type Outcome,
  ownStatus,
  run,
  type Setting,
  shared,
  start,
} from '../rig/exec-helper.ts'

const EPERM = 1
const ENOENT = 2
const ENOEXEC = 8
const EBADF = 9
const ENOMEM = 12
const EACCES = 13
const ENOTDIR = 20
const EINVAL = 22
const ENOTTY = 25
const ENAMETOOLONG = 36

const failed = (code: number, errno: number, step: string): Partial<Outcome> => ({
  ...{ code, signal: null, stdout: '', report: `${errno} ${step}\n` },
})

t.test('a malformed option is refused, and nothing runs', async (t) => {
  const malformed: Readonly<Record<string, readonly string[]>> = {
    fds: ['fds=', 'fds=-1', 'fds=3x', 'fds=2147483648', 'fds=99999999999999999999'],
    ignored: ['ignored=', 'ignored=0x1', 'ignored=10000000000000000'],
    blocked: ['blocked=', 'blocked=-1', 'blocked=g'],
    session: ['session=', 'session=0', 'session=11', 'session=yes'],
    group: ['group=2'],
    terminal: ['terminal=', 'terminal=a'],
    foreground: ['foreground=0x1'],
    oom: ['oom=1001', 'oom=-1001', 'oom=+1', 'oom=--1', 'oom=-'],
    oomhint: ['oomhint=1001', 'oomhint=', 'oomhint=+', 'oomhint=+-1', 'oomhint=+1001'],
    rlimit: [
      ...['rlimit=', 'rlimit=7', 'rlimit=7:1', 'rlimit=7:1:', 'rlimit=7:1:1:', 'rlimit=16:1:1'],
      ...['rlimit=7:18446744073709551616:1', 'rlimit=7:unlimitedx:1', 'rlimit=nofile:1:1'],
    ],
    nice: ['nice=20', 'nice=-21', 'nice=1.5', 'nice=9999999999'],
    ionice: ['ionice=4:0', 'ionice=2:8', 'ionice=2', 'ionice=2:', 'ionice=:1'],
    affinity: ['affinity=', 'affinity=0,', 'affinity=0,2-1', 'affinity=0--1', 'affinity=8192'],
    umask: ['umask=8', 'umask=1000', 'umask='],
    bounding: ['bounding=', 'bounding=0x1', 'bounding=g', 'bounding=10000000000000000'],
    inheritable: ['inheritable=', 'inheritable=0x1'],
    groups: ['groups=,', 'groups=1,', 'groups=a', 'groups=4294967295', 'groups=1 2'],
    gid: ['gid=', 'gid=-1', 'gid=4294967295', 'gid=root'],
    uid: ['uid=', 'uid=-1', 'uid=4294967295', 'uid= 1'],
    capabilities: ['capabilities=', 'capabilities=all', 'capabilities=-1'],
    nnp: ['nnp=0', 'nnp='],
    deathsig: ['deathsig=9', 'deathsig=9:', 'deathsig=0:1', 'deathsig=65:1', 'deathsig=9:x'],
    bytes: ['bytes=0', 'bytes='],
    pidin: ['pidin=', 'pidin=A=B'],
    report: ['report=3', 'report=x'],
    usage: [
      '',
      '=',
      'uid',
      'uids=1',
      'UID=1',
      ' uid=1',
      '-',
      '---',
      'report',
      `${'x'.repeat(9999)}=1`,
    ],
  }
  for (const [step, options] of Object.entries(malformed)) {
    for (const option of options) {
      const outcome = await run([option], { command: ['echo', 'ran'] })
      t.match(outcome, failed(126, EINVAL, step), option.slice(0, 40))
    }
  }
  t.match(await run(['umask=22', 'umask=22']), failed(126, EINVAL, 'umask'), 'given twice')
  t.match(await run(['rlimit=4:0:0', 'rlimit=4:0:0']), failed(126, EINVAL, 'rlimit'))
  t.match(await run(['nnp=0', 'gid=x']), failed(126, EINVAL, 'nnp'), 'the first one is reported')
  const groups = `groups=${Array.from({ length: 4097 }, (_, id) => id).join(',')}`
  t.match(await run([groups]), failed(126, EINVAL, 'groups'), 'too many')
})

t.test('without a command there is nothing to run', async (t) => {
  t.match(await run([], { command: [] }), failed(126, EINVAL, 'usage'))
  t.match(await run(['nnp=1', 'report'], { command: [] }), failed(126, EINVAL, 'usage'))
  const by = ['sh', '-c', `exec ${helper} report=3`, 'no "--"']
  t.match(await run([], { by }), failed(126, EINVAL, 'usage'))
})

t.test('without a usable report descriptor the exit code alone tells', async (t) => {
  const of = async (line: string) => run([], { by: ['sh', '-c', `exec ${line} -- /nosuch`, 'sh'] })
  t.match(await of(helper), { code: 127, report: '' })
  t.match(await of(`${helper} report=9`), { code: 126, report: '' })
  t.match(await of(`${helper} report=x`), { code: 126, report: '' })
})

t.test('a report that nobody reads does not end the helper by a signal', async (t) => {
  const child = start([], {
    by: ['sh', '-c', 'read line; exec "$@"', 'sh'],
    command: ['/nosuch'],
  })
  const end = ended(child)
  const report = child.stdio[3]
  report?.destroy()
  if (report) await once(report, 'close')
  child.stdin?.end('go\n')
  t.match(await end, { code: 127, signal: null })
})

t.test(
  'what the kernel refuses an ordinary user ends the start',
  { skip: needsUser },
  async (t) => {
    const by = asUser
    const refused = async (
      option: string,
      errno: number,
      { step = option.split('=', 1)[0] ?? '', ...setting }: Setting & { step?: string } = {},
    ) => t.match(await run([option], { by, ...setting }), failed(126, errno, step), option)
    await refused('nice=-20', EACCES)
    await refused('oom=-1000', EACCES)
    const lower = [...asUser, helper, 'rlimit=7:64:64', '--']
    await refused('rlimit=7:64:128', EPERM, { by: lower, step: 'rlimit:nofile' })
    await refused('rlimit=15:9:8', EINVAL, { step: 'rlimit:rttime' })
    await refused('ionice=1:0', EPERM)
    await refused('affinity=8191', EINVAL)
    await refused('groups=1,2,3,4', EPERM)
    await refused('gid=0', EPERM)
    await refused('uid=0', EPERM)
    await refused('capabilities=400', EPERM)
    await refused('inheritable=400', EPERM)
    // Where nothing is left to drop, dropping it is no step.
    if (/[^0]/.test(ownStatus()['CapBnd'] ?? '')) await refused('bounding=0', EPERM)
    await refused('cwd=/nosuch', ENOENT)
    await refused('cwd=/proc/self/status', ENOTDIR)
    await refused('cwd=', ENOENT)
    await refused('terminal=0', ENOTTY)
    await refused('terminal=9', EBADF)
    await refused('foreground=0', ENOTTY)
    await refused('terminal=4', EPERM, { by: [shared('with-terminal')] })
    const { LISTEN_PID: _, ...env } = process.env
    await refused('pidin=LISTEN_PID', EINVAL, { env })
    await refused('pidin=LISTEN_PID', EINVAL, { env: { ...env, LISTEN_PID: '' } })
    await refused('pidin=LISTEN', EINVAL, { env: { ...env, LISTEN_PID: '0000000000' } })
    await refused('fds=3', ENOMEM, { by: [shared('refuse'), '436', String(ENOMEM)] })
  },
)

t.test('what the kernel refuses root ends the start', { skip: needsRoot }, async (t) => {
  const folder = t.testdir({})
  chmodSync(folder, 0o700)
  t.match(await run([`cwd=${folder}`, 'uid=65534', 'gid=65534']), failed(126, EACCES, 'cwd'))
  t.match(await run(['bounding=1', 'capabilities=2']), failed(126, EPERM, 'capabilities'))
  t.match(await run(['capabilities=8000000000000000']), failed(126, EINVAL, 'capabilities'))
  const by = [helper, 'capabilities=c0', 'nnp=1', '--']
  t.match(await run(['bounding=c0'], { by }), failed(126, EPERM, 'bounding'))
})

t.test('a command with a slash', async (t) => {
  const folder = t.testdir({
    plain: 'echo ran',
    lost: '#!/nosuch/interpreter\n',
    lost2: '#!/etc/passwd/interpreter\n',
    strange: 'no format known',
    folder: {},
  })
  for (const name of ['lost', 'lost2', 'strange']) chmodSync(join(folder, name), 0o755)
  symlinkSync('nothing', join(folder, 'dangling'))
  const fails = async (name: string, ...[code, errno, step = 'exec']: [number, number, string?]) =>
    t.match(await run([], { command: [name], cwd: folder }), failed(code, errno, step), name)
  await fails('./nosuch', 127, ENOENT)
  await fails('', 127, ENOENT)
  await fails('/etc/passwd/x', 127, ENOTDIR)
  await fails('./dangling', 127, ENOENT)
  await fails('./plain', 126, EACCES)
  await fails('./folder', 126, EACCES)
  await fails('./strange', 126, ENOEXEC)
  await fails('./lost', 127, ENOENT, 'interpreter')
  await fails('./lost2', 127, ENOTDIR, 'interpreter')
  await fails(`/${'x'.repeat(300)}`, 126, ENAMETOOLONG)
  await fails(`/${'x/'.repeat(3000)}`, 126, ENAMETOOLONG)
})

t.test('a command is looked up in PATH', async (t) => {
  const folder = t.testdir({})
  const put = (name: string, text: string, mode = 0o755) => {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'tool'), text, { mode })
  }
  put('good', '#!/bin/sh\necho good "$0" "$@"\n')
  put('other', '#!/bin/sh\necho other\n')
  put('locked', '#!/bin/sh\necho locked\n', 0o644)
  put('lost', '#!/nosuch/interpreter\n')
  put('strange', 'no format known')
  const long = 'x/'.repeat(3000)
  const find = (path: readonly string[] | undefined, name = 'tool', cwd = folder) => {
    const { PATH: _, ...env } = process.env
    const list = path?.map((part) => (/^[a-z]+$/.test(part) ? join(folder, part) : part))
    return run([`cwd=${cwd}`], {
      ...{ command: [name, 'a b'], env: list ? { ...env, PATH: list.join(':') } : env },
    })
  }
  const ran = { code: 0, report: '', stdout: /^good .*\/tool a b\n$/ }
  t.match(await find(['good', 'other']), ran)
  t.match(await find(['other', 'good']), { stdout: 'other\n' })
  t.match(await find(['missing', '/etc/passwd', 'locked', 'lost', long, 'good']), ran)
  t.match(await find(['missing']), failed(127, ENOENT, 'exec'))
  t.match(await find(['/etc/passwd']), failed(127, ENOENT, 'exec'))
  t.match(await find(['locked', 'missing', long]), failed(126, EACCES, 'exec'))
  t.match(await find(['missing', 'lost', 'locked']), failed(127, ENOENT, 'interpreter'))
  t.match(await find(['locked', 'lost']), failed(126, EACCES, 'exec'))
  t.match(await find([long]), failed(126, ENAMETOOLONG, 'exec'))
  t.match(await find([long, 'missing']), failed(126, ENAMETOOLONG, 'exec'))
  t.match(await find(['strange', 'good']), failed(126, ENOEXEC, 'exec'), 'no shell takes it')

  const here = join(folder, 'good')
  t.match(await find([''], 'tool', here), { stdout: /^good / }, 'empty PATH')
  t.match(await find(['missing', '', 'other'], 'tool', here), { stdout: /^good / })
  t.match(await find(['missing', ''], 'tool', here), { stdout: /^good / }, 'empty at the end')
  t.match(await find(['missing'], 'tool', here), failed(127, ENOENT, 'exec'))
  t.match(await find(undefined, 'true'), { code: 0 }, 'no PATH')
  t.match(await find(undefined, 'tool', here), failed(127, ENOENT, 'exec'))
  t.match(await find(['good'], 'x'.repeat(5000)), failed(126, ENAMETOOLONG, 'exec'))
  // The last name that fits, and the first that does not.
  const padded = (total: number) => `${here}${'/'.repeat(total - here.length - '/tool'.length)}`
  t.match(await find([padded(4095)]), { code: 0 })
  t.match(await find([padded(4096)]), failed(126, ENAMETOOLONG, 'exec'))
})

t.test('300 random malformed options: always a report, never a signal', async (t) => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)
  t.comment(`SEED=${seed}`)
  let state = seed
  const draw = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const keys = [
    ...[
      'fds',
      'session',
      'group',
      'terminal',
      'foreground',
      'oom',
      'oomhint',
      'rlimit',
      'nice',
      'ionice',
    ],
    ...[
      'affinity',
      'umask',
      'bounding',
      'inheritable',
      'groups',
      'gid',
      'uid',
      'capabilities',
      'nnp',
      'deathsig',
    ],
    ...['report', 'nosuch', ''],
  ]
  const alphabet = '0123456789abcdef:,-=/ \n\t\xff'
  const text = (length: number) => Array.from({ length }, () => alphabet[draw(alphabet.length)])
  const option = () => {
    const value = text(draw(draw(10) === 0 ? 5000 : 12))
    value.splice(draw(value.length + 1), 0, 'z') // No option takes this letter.
    return `${keys[draw(keys.length)]}=${value.join('')}`
  }
  const lines = Array.from({ length: 300 }, () =>
    Array.from({ length: 1 + draw(4) }, () => option()),
  )
  const worker = async () => {
    for (let line = lines.pop(); line; line = lines.pop()) {
      const outcome = await run(line, { command: ['/bin/echo', 'ran'] })
      const bad = outcome.code !== 126 || !/^22 [a-z]+\n$/.test(outcome.report) || outcome.stdout
      if (bad) t.fail(JSON.stringify({ line, outcome }))
    }
  }
  await Promise.all([worker(), worker(), worker(), worker()])
  t.equal(lines.length, 0)
})
