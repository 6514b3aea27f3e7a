const [shown, left] = ['\x1b[?1049h\x1b[?25l', '\x1b[?25h\x1b[?1049l']
/** The cursor to the first place; see console_codes(4). */
const home = '\x1b[H'
/** Nothing behind the cursor in its line, and below it. */
const [clearLine, clearBelow] = ['\x1b[K', '\x1b[J']

/** The terminal for as long as something is shown on it that changes; what stood there is back when it is left. */
export interface Screen {
  /** As many lines of `text` as fit. They are no wider than {@link columns}. */
  draw(text: string): void
  readonly rows: number
  readonly columns: number
  leave(): void
}

/**
 * Takes the terminal. `onResize`: it has another size. `onEnd`: somebody wants an end, by q, Ctrl-C or a signal. The screen is left by then; `code` is
 * what to end with: 0 where that was asked for by hand.
 */
export function takeScreen(onResize: () => void, onEnd: (code: number) => void): Screen {
  const { stdin, stdout } = process
  let isLeft = false
  const ends = (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const).map((signal) => {
    const numbers = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1, SIGQUIT: 3 }
    return [signal, () => end(signal === 'SIGINT' ? 0 : 128 + numbers[signal])] as const
  })
  for (const [signal, listener] of ends) process.on(signal, listener)
  // A job that is put aside leaves a terminal as it was, and finds another one when it goes on.
  process.on('SIGTSTP', suspend)
  process.on('SIGCONT', () => {
    enter()
    onResize()
  })
  process.on('exit', leave)
  stdout.on('resize', onResize)
  stdin.on('data', read)
  // The terminal is gone, and there is nobody to tell.
  for (const stream of [stdin, stdout]) stream.on('error', () => process.exit(1))
  enter()
  return {
    draw(text) {
      const lines = text.split('\n').slice(0, this.rows)
      stdout.write(`${home}${lines.map((line) => `${line}${clearLine}`).join('\n')}${clearBelow}`)
    },
    get rows() {
      return stdout.rows || 24
    },
    get columns() {
      return stdout.columns || 80
    },
    leave,
  }

  function enter(): void {
    isLeft = false
    if (stdin.isTTY) stdin.setRawMode(true)
    stdin.resume()
    stdout.write(shown)
  }

  function leave(): void {
    if (isLeft) return
    isLeft = true
    if (stdin.isTTY) stdin.setRawMode(false)
    stdin.pause()
    stdout.write(left)
  }

  function end(code: number): void {
    leave()
    onEnd(code)
  }

  function suspend(): void {
    leave()
    process.kill(process.pid, 'SIGSTOP')
  }

  /** In raw mode the terminal sends no signals. */
  function read(bytes: Buffer): void {
    for (const key of bytes.toString('latin1')) {
      if (key === 'q' || key === '\x03') end(0)
      else if (key === '\x1a') suspend()
    }
  }
}
