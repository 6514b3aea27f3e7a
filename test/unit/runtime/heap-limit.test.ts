import t from 'tap'
import { isHeapLimit, mayBeHeapLimit } from '../../../src/runtime/heap-limit.ts'

const node =
  'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n----- Native stack trace -----\n 1: 0xb8 [node]\n'
const deno = '#\n# Fatal JavaScript out of memory: Reached heap limit\n#\n==== C stack trace ====\n'
const java = (word: string, what = 'Java heap space') =>
  `starting\n${word} due to java.lang.OutOfMemoryError: ${what}\n`
const go = 'fatal error: runtime: out of memory\n\nruntime stack:\n'
const [SIGILL, SIGTRAP, SIGABRT, SIGKILL] = [4, 5, 6, 9]

t.test('a full heap is what the runtime says and how it ends then', async (t) => {
  const table = [
    ['Node.js', 0, SIGABRT, node],
    ['Node.js behind a shell', 134, 0, node],
    ['Deno', 0, SIGTRAP, deno],
    ['Deno elsewhere', 0, SIGILL, deno],
    ['a JVM that exits', 3, 0, java('Terminating')],
    ['a JVM that crashes', 0, SIGABRT, java('Aborting', 'GC overhead limit exceeded')],
    ['a JVM that crashes without a core', 1, 0, java('Aborting')],
    ['Go', 2, 0, go],
    ['Go, in other words', 2, 0, 'x\nfatal error: out of memory\n'],
  ] as const
  for (const [title, code, signal, words] of table) {
    t.ok(mayBeHeapLimit({ code, signal }), title)
    t.ok(isHeapLimit({ code, signal }, words), title)
  }
})

t.test('one of the two is not enough', async (t) => {
  const table = [
    ['no words', 0, SIGABRT, ''],
    ['words and another signal', 0, SIGKILL, node],
    ['words and another code', 1, 0, node],
    ['words of another runtime', 2, 0, java('Terminating')],
    ['words inside of a line', 0, SIGABRT, `log: ${node.trim()} {"a":1}\n`],
    ['what it was told of another', 3, 0, `he said: ${java('Terminating').split('\n')[1]}\n`],
    [
      'threads, not memory',
      3,
      0,
      java('Terminating', 'unable to create native thread: possibly out of memory'),
    ],
    ['an exception of Python', 1, 0, 'Traceback (most recent call last):\nMemoryError\n'],
    ['a success', 0, 0, node],
  ] as const
  for (const [title, code, signal, words] of table) {
    t.notOk(isHeapLimit({ code, signal }, words), title)
  }
  t.notOk(mayBeHeapLimit({ code: 0, signal: 0 }))
  t.notOk(mayBeHeapLimit({ code: 0, signal: SIGKILL }))
})
