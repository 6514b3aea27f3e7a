import { type ExitStatus, toExitCode } from '../lib/exit-codes.ts'

/**
 * Whether a runtime says in `words`, the last that a process wrote, that its own heap was full, and `status` is how it ends then. A
 * shell in between passes a signal on as a code. Python is not among them: it has no limit of its own, and MemoryError is
 * an exception like any other.
 */
export function isHeapLimit(status: ExitStatus, words: string): boolean {
  const code = toExitCode(status)
  return runtimes.some(({ codes, last }) => codes.includes(code) && last.test(words))
}

/** Whether such words would mean something: they need not be read else. */
export function mayBeHeapLimit(status: ExitStatus): boolean {
  const code = toExitCode(status)
  return runtimes.some(({ codes }) => codes.includes(code))
}

const [SIGILL, SIGTRAP, SIGABRT] = [128 + 4, 128 + 5, 128 + 6]

/** As seen of Node.js 20 and OpenJDK 17, and in the reports of users. */
const runtimes: readonly { readonly codes: readonly number[]; readonly last: RegExp }[] = [
  // Node.js.
  { codes: [SIGABRT], last: /^FATAL ERROR: .*JavaScript heap out of memory$/m },
  // V8 elsewhere, such as in Deno.
  {
    codes: [SIGTRAP, SIGILL, SIGABRT],
    last: /^# Fatal (?:JavaScript out of memory: |javascript OOM in )/m,
  },
  // -XX:+ExitOnOutOfMemoryError. The JVM says it on stdout. Threads that cannot be created are another matter.
  {
    codes: [3],
    last: /^Terminating due to java\.lang\.OutOfMemoryError: (?!unable to create)/m,
  },
  // -XX:+CrashOnOutOfMemoryError, with and without a core dump.
  {
    codes: [SIGABRT, 1],
    last: /^Aborting due to java\.lang\.OutOfMemoryError: (?!unable to create)/m,
  },
  // Go has no limit of its own, but one of setrlimit(2) ends it so.
  { codes: [2], last: /^fatal error: (?:runtime: )?(?:out of memory|cannot allocate memory)$/m },
]
