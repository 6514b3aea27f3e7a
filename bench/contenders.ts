import { execFileSync, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Of the working copy. */
export const root = findRoot(dirname(fileURLToPath(import.meta.url)))
// Node.js 20 takes 30 ms at each start for the certificates of a distribution.
const { NODE_OPTIONS: _, NODE_EXTRA_CA_CERTS: __, ...env } = process.env
// The entry looks for the Node.js of the benchmark there.
env['PATH'] = `${dirname(process.execPath)}:${env['PATH']}`

/** Where the files of this benchmark are, until it ends. */
export const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'bench-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

/** bench/inside.cjs, and the file to which it writes. */
export const insideScript = join(root, 'bench', 'inside.cjs')
export const insideFile = join(folder, 'inside')
/** The file to which `stamp` writes in this benchmark. */
const stampFile = join(folder, 'stamps')
export const benchEnv = { ...env, STAMP: stampFile }

/** bench/stamp.c, compiled. */
export const stamp = compile('stamp')

/** Something that runs a command as its child. */
export interface Contender {
  readonly name: string
  /** What is executed so that `command` runs below it. */
  wrap(command: readonly string[]): readonly string[]
}

const ringmaster = join(root, 'bin', 'ringmaster')

/** The two ways in which Ringmaster can be started. */
export const exec: Contender = wrapper('exec', process.execPath, ringmaster, 'exec', '--')
export const run: Contender = {
  name: 'run',
  wrap: (command) => [process.execPath, ringmaster, 'run', writeConfig(command, false)],
}
/** As `exec`, started as an image starts it. */
export const execByEntry = wrapper(
  'entry, exec',
  join(root, 'build', 'ringmaster-entry'),
  'exec',
  '--',
)
/** As `run`, with the endpoint up. */
export const runWithEndpoint: Contender = {
  name: 'run + endpoint',
  wrap: (command) => [
    ...[process.execPath, ringmaster, 'run'],
    writeConfig(command, { host: '127.0.0.1', port: 0 }),
  ],
}
/** `run` of so many instances, with the endpoint up, whose every run is stable and who are restarted for ever. */
export function runMany(replicas: number, port = 0): Contender {
  const fields = { replicas, restartLimit: null, backoff: { resetAfterSeconds: 0 } }
  return {
    name: `run of ${replicas}`,
    wrap: (command) => [
      ...[process.execPath, ringmaster, 'run'],
      writeConfig(command, { host: '127.0.0.1', port }, { ...fields, restartPolicy: 'Always' }),
    ],
  }
}
/** `run` of one instance of `child`, whose control socket is at {@link controlSocket}. */
export const runControlled: Contender = {
  name: 'run',
  wrap: ([command = '', ...args]) => {
    const fields = { http: false, control: { socket: controlSocket } }
    const file = writeFile(fields, { child: { command: [command], args } })
    return [process.execPath, ringmaster, 'run', file]
  },
}
export const controlSocket = join(folder, 'control')
/** What is executed for a command to {@link runControlled}. */
export function commandTo(word: string, ...args: readonly string[]): readonly string[] {
  return [process.execPath, ringmaster, word, '--socket', controlSocket, ...args]
}
/** What starts so many children as `run` does, and nothing else. */
export function bareMany(count: number): Contender {
  const helper = join(root, 'build', 'ringmaster-exec')
  return wrapper('bare loop', process.execPath, manyScript, helper, `${count}`)
}
const manyScript = join(root, 'bench', 'bare-many.cjs')
/** `run` of so many instances as an image starts it, with endpoint and control socket. */
export function runFootprint(replicas: number): Contender {
  return {
    name: 'entry, run',
    wrap: ([command, ...args]) => [
      ...[join(root, 'build', 'ringmaster-entry'), 'run'],
      writeConfig([command ?? '', ...args], { host: '127.0.0.1', port: 0 }, { replicas }),
    ],
  }
}
/** `run` of `command` and of something that lives on, with the endpoint at `port` and its control socket at {@link controlSocket}. */
export function runServed(port: number): Contender {
  return {
    name: 'run',
    wrap: ([command = '', ...args]) => {
      const fields = { http: { host: '127.0.0.1', port }, control: { socket: controlSocket } }
      const child = { command: [command], args, restartPolicy: 'Never' }
      const file = writeFile(fields, {
        child,
        calm: { command: ['sleep', '1000'], startDelaySeconds: 1 },
      })
      return [process.execPath, ringmaster, 'run', file]
    },
  }
}
/** Where the build has put what V8 compiled of a bundle for this Node.js. */
export function codeCacheOf(bundle: string): string {
  return join(root, 'build', `${bundle}-${process.version}-${process.arch}.cache`)
}
/** `run` of these processes, with the endpoint at `port`. */
export function runProcesses(
  name: string,
  port: number,
  processes: Readonly<Record<string, object>>,
): Contender {
  return {
    name,
    wrap: () => [
      ...[process.execPath, ringmaster, 'run'],
      writeProcesses({ host: '127.0.0.1', port }, processes),
    ],
  }
}
/** What is executed so that so many instances of `command` run once, with these `logs`. */
export function runLogging(
  command: readonly string[],
  replicas: number,
  logs: object,
): readonly string[] {
  const fields = { command, replicas, logs, restartPolicy: 'Never' }
  return [process.execPath, ringmaster, 'run', writeProcesses(false, { child: fields })]
}
/** An endpoint that is nothing but fastify. */
export function bareFastify(port: number): Contender {
  return wrapper(
    'bare fastify',
    process.execPath,
    join(root, 'bench', 'bare-fastify.mjs'),
    `${port}`,
  )
}
/** HTTP probes of a server at `port` and nothing else: so many, each once a period. */
export function bareProbes(port: number, count: number, periodMs: number): Contender {
  const script = join(root, 'bench', 'bare-probes.cjs')
  const words = [port, count, periodMs].map(String)
  return { name: 'bare node:net', wrap: () => [process.execPath, script, ...words] }
}
/** bench/probed.cjs, a server for them. */
export const probedScript = join(root, 'bench', 'probed.cjs')
/** A script that spawns and forwards, as ES module and as CommonJS. */
export const bareModule = wrapper('bare .mjs', process.execPath, join(root, 'bench', 'bare.mjs'))
export const bareScript = wrapper('bare .cjs', process.execPath, join(root, 'bench', 'bare.cjs'))
/** Those of tini and dumb-init that are installed. */
export const peers: readonly Contender[] = [
  wrapper('tini', 'tini', '--'),
  wrapper('dumb-init', 'dumb-init', '--'),
].filter(({ name }) => spawnSync(name, ['--version']).error === undefined)

let taken = 0
let configs = 0

/** The stamps written since the last call: word, time in ms, number. */
export function takeStamps(): readonly (readonly [word: string, ms: number, number: number])[] {
  const lines = unreadStamps().split('\n').slice(0, -1)
  taken += lines.join('\n').length + (lines.length > 0 ? 1 : 0)
  return lines.map((line) => {
    const [word = '', time, number] = line.split(' ')
    return [word, Number(time) / 1e6, Number(number)]
  })
}

/** The text of the stamps that {@link takeStamps} would return. */
export function unreadStamps(): string {
  return existsSync(stampFile) ? readFileSync(stampFile, 'latin1').slice(taken) : ''
}

/** The same, whose exec is stamped. */
export function stamped({ name, wrap }: Contender): Contender {
  return { name, wrap: (command) => [stamp, 'exec', ...wrap(command)] }
}

function wrapper(name: string, ...prefix: readonly string[]): Contender {
  return { name, wrap: (command) => [...prefix, ...command] }
}

function writeConfig(
  [command, ...args]: readonly string[],
  http: object | false,
  fields: object = { restartPolicy: 'Never' },
): string {
  return writeProcesses(http, { child: { command: [command], args, ...fields } })
}

function writeProcesses(http: object | false, processes: Readonly<Record<string, object>>): string {
  return writeFile({ http }, processes)
}

function writeFile(fields: object, processes: Readonly<Record<string, object>>): string {
  const file = join(folder, `${configs++}.yaml`)
  const defaults = { securityContext: { runAsUser: process.getuid?.() ?? 0 } }
  writeFileSync(file, JSON.stringify({ ...fields, defaults, processes }))
  return file
}

/** A program of this folder, compiled. */
export function compile(name: string): string {
  const source = join(root, 'bench', `${name}.c`)
  const program = join(root, 'build', 'bench', name)
  if (existsSync(program) && statSync(program).mtimeMs > statSync(source).mtimeMs) return program
  mkdirSync(dirname(program), { recursive: true })
  const flags = ['-std=c11', '-D_GNU_SOURCE', '-O2', '-static', '-Wall', '-Wextra', '-Werror']
  execFileSync(process.env['CC'] ?? 'cc', [...flags, '-o', program, source], { stdio: 'inherit' })
  return program
}

function findRoot(path: string): string {
  return existsSync(join(path, 'package.json')) ? path : findRoot(dirname(path))
}
