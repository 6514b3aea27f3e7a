// The addon against the kernel: real processes, signals and terminals, as an ordinary process and as PID 1.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t from 'tap'
import { fixture, library, root } from '../rig/fixtures.ts'

const driver = join(root, 'out', 'test', 'fixtures', 'native-driver.js')
const orphans = fixture('orphans')
const plain: readonly string[] = []
const pid1 =
  process.getuid?.() === 0
    ? ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child']
    : ['unshare', '-Urpf', '--mount-proc', '--kill-child']
const places = [
  { place: 'an ordinary process', by: plain },
  { place: 'PID 1', by: pid1 },
]
const faults = [11, 7, 4, 8, 5, 31, 6]
const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i)

// Without NODE_OPTIONS, which tap gives to every child: what it loads listens to signals too, and raises them again.
const bare = ['env', '-u', 'NODE_OPTIONS', process.execPath]

interface Outcome {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a scenario of the driver to its end. */
async function run(scenario: readonly string[], by = plain, flags = plain): Promise<Outcome> {
  const [file = '', ...args] = [...by, ...bare, ...flags, driver, ...scenario]
  const child = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (text) => (stdout += text))
  child.stderr.on('data', (text) => (stderr += text))
  const [code, signal] = await once(child, 'close')
  return { code, signal, stdout, stderr }
}

/** What a scenario that ends well has printed last. */
async function result(scenario: readonly string[], by = plain, flags = plain) {
  const { code, signal, stdout, stderr } = await run(scenario, by, flags)
  if (code !== 0) throw new Error(`${scenario.join(' ')} ended with ${code ?? signal}: ${stderr}`)
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
}

t.jobs = 1

t.test('when what came often and little is all read, nothing wakes us any more', async (t) => {
  // On a busy machine nothing is soon after anything else.
  const slow = ['env', `LD_PRELOAD=${library('slow-clock')}`]
  const { bytes, wakeups } = await result(['rest'], slow)
  t.equal(bytes, 1000)
  t.ok(wakeups < 100, `${wakeups} times`)
})

for (const { place, by } of places) {
  t.test(`orphans of ${place} are reaped, each reported once with its code`, async (t) => {
    const { ends, others, code, zombies } = await result(['orphans', orphans, '600'], by)
    const codes = ends.map(([code]: [number]) => code)
    const wanted = range(0, 599).map((i) => i % 256)
    t.strictSame(codes.sort(ascending), wanted.sort(ascending))
    t.strictSame({ others, code, zombies }, { others: 0, code: 0, zombies: 0 })
  })

  t.test(`an orphan of ${place} that a real-time signal ended is reported so`, async (t) => {
    const { ends } = await result(['orphans', orphans, '3', '40'], by)
    t.strictSame(ends, Array(3).fill([0, 40]))
  })

  t.test(`own() tells the true ends of children of ${place}, after the exit event`, async (t) => {
    t.strictSame(await result(['statuses', '7'], by), {
      wrong: 0,
      reportedBeforeExitEvent: 0,
      owned: [70, 2],
      zombies: 0,
    })
  })

  t.test(`orphans, children and spawnSync of ${place} do not disturb each other`, async (t) => {
    const mixed = await result(['mixed', orphans, '1000'], by)
    t.match(mixed, { orphans: 4000, wrongExits: 0, wrongSync: 0, zombies: 0 })
    t.ok(mixed.exits >= 4)
  })

  t.test(`a child that a worker of ${place} started is left to the worker`, async (t) => {
    t.strictSame(await result(['worker'], by), { seen: 9, stolen: 0 })
  })

  t.test(`the loop of ${place} turns while many zombies wait`, async (t) => {
    const { most, zombies } = await result(['bound', orphans, '1500'], by)
    t.equal(zombies, 0)
    t.ok(most <= 256, `at most 256 in one turn, was ${most}`)
  })

  t.test(
    `exceptions in callbacks of ${place} are uncaught exceptions, and reaping goes on`,
    async (t) => {
      t.strictSame(await result(['throwing', orphans, '5'], by), {
        caught: [...range(0, 4).map((code) => `exit ${code}`), 'signal 11', 'signal 15'],
        zombies: 0,
      })
    },
  )

  t.test(`each signal but KILL, STOP, 32 and 33 reaches ${place}`, async (t) => {
    const { got, refused, replaced } = await result(['signals'], by)
    t.strictSame(got, [...range(1, 31).filter((n) => n !== 9 && n !== 19), ...range(34, 64)])
    t.strictSame(
      refused,
      [0, 9, 19, 32, 33, 65].flatMap((signal) => [signal, -22]),
    )
    t.equal(replaced, 0, 'the second callback replaces the first')
  })

  for (const fault of [11, 4, 8]) {
    t.test(`a real fault ends ${place} with signal ${fault}`, async (t) => {
      const { stdout, code, signal } = await run(
        ['fault', `${fault}`, library('fault-library')],
        by,
      )
      t.notMatch(stdout, 'reported')
      t.ok(signal === names[fault] || code === 128 + fault, `${signal ?? code}`)
    })
  }

  t.test(`process.abort() ends ${place} with 134`, async (t) => {
    const { stdout, code, signal } = await run(['fault', 'abort'], by)
    t.notMatch(stdout, 'reported')
    // abort() cannot end PID 1 by SIGABRT and goes on to an instruction that faults.
    const wanted = by === plain ? ['SIGABRT'] : ['SIGABRT', 'SIGSEGV', 'SIGILL', 'SIGTRAP']
    t.ok(wanted.includes(signal ?? ''), `${signal ?? code}`)
  })
}

for (const fault of faults) {
  t.test(`signal ${fault} that a process sends itself ends it`, async (t) => {
    const { stdout, code, signal } = await run(['fault', `${fault}`])
    t.notMatch(stdout, 'reported')
    t.ok(signal === names[fault] || code === 128 + fault, `${signal ?? code}`)
  })
}

t.test('PID 1 survives a fault signal that it sends itself, as the kernel has it', async (t) => {
  t.equal(await result(['fault', '8'], pid1), 'survived')
})

t.test('V8 still turns a fault of WebAssembly code into an exception', async (t) => {
  t.equal(await result(['wasm']), 'trapped')
})

t.test('no signal is lost, however many come in one turn of the loop', async (t) => {
  t.strictSame(await result(['flood', '6000']), { realTime: 6000, term: 1 })
})

// Node.js 20 has no such flag; test/real runs this with those that have.
if (process.allowedNodeEnvironmentFlags.has('--disable-sigusr1')) {
  t.test('SIGUSR1 arrives with --disable-sigusr1', async (t) => {
    t.match(await result(['signals'], plain, ['--disable-sigusr1']), { got: range(1, 8) })
  })
}

t.test('an exception that nobody catches ends the process with 1', async (t) => {
  const { code, stderr } = await run(['uncaught'])
  t.equal(code, 1)
  t.match(stderr, 'nobody catches this')
})

t.test('reaping and listening cost nothing while nothing happens', async (t) => {
  const { wakeups } = await result(['idle'])
  t.ok(wakeups <= 3, `${wakeups} wake-ups a second`)
})

t.test('write() takes what fits, and leaves the flags of the pipe alone', async (t) => {
  const { written, ...outcome } = await result(['write'])
  t.ok(written > 40_000, `${written}`)
  t.strictSame(outcome, {
    text: 3,
    read: 'abc',
    full: -11,
    flags: [
      { nonBlocking: true, closeOnExec: true },
      { nonBlocking: false, closeOnExec: true },
    ],
    broken: -32,
    brokenPipes: 0,
    most: 64,
    empty: 0,
    closed: -9,
    blame: [true, true],
  })
})

for (const text of ['\n', 'x', 'a line\n', 'tabs\tand\r\nall']) {
  t.test(`write() never blocks on a terminal: ${JSON.stringify(text)}`, async (t) => {
    const outcome = await result(['terminalWrite', text], [fixture('with-terminal')])
    t.equal(outcome.result, -11)
    t.ok(outcome.written > 2000, `${outcome.written}`)
  })
}

t.test('the controlling terminal is passed on, taken back and given up', async (t) => {
  const by = [fixture('with-terminal'), 'sh', '-c', 'exec setsid -w -c "$@" <&4', 'sh']
  t.strictSame(await result(['terminal'], by), {
    leads: true,
    passed: [0, true],
    taken: [0, true],
    released: [0, -25, -25],
    hangUps: 0,
  })
})

t.test('hasStopped() tells each stop once and does not reap', async (t) => {
  t.strictSame(await result(['stopped']), {
    seen: [false, false, false, false],
    signal: 'SIGKILL',
    none: false,
  })
})

t.test('the death of the parent is told, also one before the call', async (t) => {
  const wanted = { result: 0, signal: 15, invalid: -22 }
  t.strictSame(await result(['parentDeath', 'orphaned']), wanted)
  const parent = spawn('sh', ['-c', '"$@" & wait', 'sh', ...bare, driver, 'parentDeath', 'child'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  parent.stdout.on('data', (data) => {
    text += data
    if (text.includes('ready')) parent.kill('SIGKILL')
  })
  await once(parent, 'close')
  t.strictSame(JSON.parse(text.split('\n')[1] ?? ''), wanted)
})

t.test('exit() ends at once, without exit handlers', async (t) => {
  t.match(await run(['exit']), { code: 7, stdout: '' })
})

t.test('a worker cannot load the addon and is told why', async (t) => {
  t.equal(
    await result(['workerLoad']),
    'cannot load the native part in a worker: children and signals belong to the main thread',
  )
})

t.test('wrong use throws', async (t) => {
  t.strictSame(await result(['misuse']), [
    'Error: cannot own children before reap() was called',
    'Error: cannot reap twice',
    'TypeError: cannot call this function: the callback is missing',
    'TypeError: cannot own children: a list of pids is needed',
    'TypeError: cannot own children: a pid is no number',
    'TypeError: cannot call this function: the callback is missing',
    'TypeError: cannot call this function: a number is missing',
    'TypeError: cannot receive: a Uint8Array and a Uint32Array of 2 are needed',
    'TypeError: cannot receive: a Uint8Array and a Uint32Array of 2 are needed',
    'TypeError: cannot send: a Uint8Array is needed',
    '-22',
  ])
})

t.test('datagrams arrive with who sent them, and without their descriptors', async (t) => {
  const invalid = Array(6).fill(-22)
  t.strictSame(await result(['datagrams', fixture('say')]), {
    lengths: [...Array(50).fill(3), 4, 9, -90],
    ...{ twice: [0, -17], unheard: 7, kept: 0, codes: [0, 0, 0, 0], strangers: 0 },
    ...{ isQuick: true, user: true, bad: invalid, badTo: invalid, nobody: [-111, -2] },
    ...{ taken: -98, isWhole: true },
  })
})

const names: Readonly<Record<number, string>> = {
  4: 'SIGILL',
  5: 'SIGTRAP',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  11: 'SIGSEGV',
  31: 'SIGSYS',
}

function ascending(a: number, b: number): number {
  return a - b
}
