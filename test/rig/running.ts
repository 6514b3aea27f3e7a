import type { ChildProcess } from 'node:child_process'
import { Output } from './output.ts'
import { childrenOf, descendants, findProcess, isGuard, type Process, pidInside } from './proc.ts'
import { until } from './wait.ts'

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A started program: what it says, how it ends, and what the kernel tells of it. Every wait is bounded. */
export class Running {
  /** The PID of Ringmaster as seen from here; of the started program when that is another. */
  pid: number
  readonly #child: ChildProcess
  readonly #stdout: Output | undefined
  readonly #stderr: Output | undefined
  #exit: Exit | undefined
  #isClosed = false
  /** Why there is no process at all. */
  #failure: Error | undefined

  constructor(child: ChildProcess) {
    this.#child = child
    this.pid = child.pid ?? 0
    this.#stdout = child.stdout ? new Output(child.stdout) : undefined
    this.#stderr = child.stderr ? new Output(child.stderr) : undefined
    child.on('error', (error) => {
      this.#failure = error
      this.#exit = { code: null, signal: null }
      this.#isClosed = true
    })
    child.on('exit', (code, signal) => {
      this.#exit = { code, signal }
    })
    child.on('close', () => {
      this.#isClosed = true
    })
  }

  get stdout(): string {
    return this.#stdout?.text ?? ''
  }

  get stderr(): string {
    return this.#stderr?.text ?? ''
  }

  /** What came on stdout, byte by byte. */
  get bytes(): Buffer {
    return this.#stdout?.bytes ?? Buffer.alloc(0)
  }

  get hasExited(): boolean {
    return this.#exit !== undefined
  }

  /** The first line on stdout or stderr that `pattern` matches, past ones too. Each line is given out once, so the order of two waits is free. */
  async line(pattern: RegExp): Promise<RegExpExecArray> {
    return this.until(() => {
      const match = this.#stdout?.take(pattern) ?? this.#stderr?.take(pattern)
      if (match === undefined && this.#isClosed) throw new Error(this.#explain(`line ${pattern}`))
      return match
    }, `line ${pattern}`)
  }

  /** The pid in the next line `ready PID`, as seen from here; a `name` stands before it. */
  async ready(name = ''): Promise<number> {
    const [, pid] = await this.line(new RegExp(`^${name}${name && ' '}ready (\\d+)$`))
    return this.outside(Number(pid))
  }

  /** Resolves with what `look` returns as soon as that is neither false nor undefined. */
  async until<T>(look: () => T | undefined | false, wanted = `${look}`): Promise<T> {
    return until(look, () => this.#explain(wanted))
  }

  /** Sends Ringmaster a signal, by name or number. */
  signal(signal: NodeJS.Signals | number): void {
    process.kill(this.pid, signal)
  }

  /** Kills the started program where that is not Ringmaster itself but its parent. */
  killStarter(): void {
    this.#child.kill('SIGKILL')
  }

  /** Writes to stdin. */
  type(text: string | Buffer): void {
    this.#child.stdin?.write(text)
  }

  /** Closes stdin. */
  hangUp(): void {
    this.#child.stdin?.end()
  }

  /** How the started program ended. What it left behind may still hold its output. */
  async exit(): Promise<Exit> {
    return this.until(() => this.#exit, 'exit')
  }

  /** As {@link exit}, with all the output; waits for all who hold it. */
  async end(): Promise<Exit & { readonly stdout: string; readonly stderr: string }> {
    const exit = await this.until(() => this.#isClosed && this.#exit, 'end of the output')
    return { ...exit, stdout: this.stdout, stderr: this.stderr }
  }

  /** Of Ringmaster, or of `pid`; undefined when it is gone. */
  state(pid = this.pid): Process['state'] | undefined {
    return findProcess(pid)?.state
  }

  /** The pids of Ringmaster's children, without its guard. */
  children(): number[] {
    return childrenOf(this.pid).flatMap(({ pid }) => (isGuard(pid) ? [] : [pid]))
  }

  /** Children of Ringmaster that wait to be reaped. */
  zombies(): Process[] {
    return childrenOf(this.pid).filter(({ state }) => state === 'Z')
  }

  /** The pid as seen from here of the process below Ringmaster that calls itself `pid`. */
  outside(pid: number): number {
    const found = descendants(this.pid).find((process) => pidInside(process.pid) === pid)
    if (found === undefined) throw new Error(this.#explain(`process that calls itself ${pid}`))
    return found.pid
  }

  #explain(wanted: string): string {
    if (this.#failure) return `no ${wanted}: ${this.#failure.message}`
    const state = this.#exit ? `exited (${this.#exit.code ?? this.#exit.signal})` : this.state()
    return `no ${wanted}; pid ${this.pid} is ${state}\nstdout:\n${this.stdout}\nstderr:\n${this.stderr}`
  }
}
