import { fillInstanceVariables } from '../config/variables.ts'
import type {
  Check,
  FileTarget,
  HookAction,
  InstanceSpec,
  InstanceTemplate,
  LogsSpec,
  OutputCheck,
} from './instance-spec.ts'
import type { ProcessSpec } from './process-spec.ts'
import { firstSocketFd } from './sockets.ts'

/** The instance of that number: its own variables are put in. Pure. */
export function toInstance(template: InstanceTemplate, number: number): InstanceSpec {
  const { ports, services: _, command, env, workingDir, logs, checks, hooks, ...same } = template
  const { process } = template
  const fill = createFill(template, number)
  const [executable, ...words] = command
  return {
    name: instanceName(process, number),
    number,
    command: [fill(executable), ...words.map(fill)],
    env: mapValues(env, fill),
    workingDir: workingDir === null ? null : fill(workingDir),
    logs: fillLogs(logs, fill),
    checks: mapValues(checks, (check) => fillCheck(check, fill)),
    hooks: mapValues(hooks, (hook) => fillHook(hook, fill)),
    // Last: what V8 of Node.js 20 adds behind so many has it make a shape for each object.
    ...same,
  }
}

/** `web.1` */
export function instanceName(process: string, number: number): string {
  return `${process}.${number}`
}

/** Those that a process begins with, in order. Pure. */
export function toInstances({
  template,
  replicas,
}: Pick<ProcessSpec, 'template' | 'replicas'>): readonly InstanceSpec[] {
  return Array.from({ length: replicas }, (_, index) => toInstance(template, index + 1))
}

/** How many instances there can be at once, of `most`: two do not write to one file, and ports end at 65535. Pure. */
export function mostReplicas(template: InstanceTemplate, most: number): number {
  const filesOf = (number: number) => {
    const { stdout, stderr } = fillLogs(template.logs, createFill(template, number))
    return [stdout, stderr].flatMap((target) => (typeof target === 'object' ? target.file : []))
  }
  const [one, two] = [filesOf(1), filesOf(2)]
  if (one.some((file) => two.includes(file))) return 1
  let count = most
  const own = template.ports.filter(({ port }) => port.includes('${'))
  const isPort = (port: string) => Number(fillPort(port, count)) <= 65_535
  while (count > 1 && !own.every(({ port }) => isPort(port))) count -= 1
  return count
}

type Fill = (template: string) => string

function createFill({ process, ports, sockets }: InstanceTemplate, number: number): Fill {
  const values = new Map([
    ['instance.name', instanceName(process, number)],
    ['instance.number', String(number)],
    ['process.name', process],
  ])
  for (const { name, port } of ports) {
    values.set(`port.${name}`, fillPort(port, number))
  }
  for (const [index, name] of sockets.entries()) {
    values.set(`socket.${name}`, String(firstSocketFd + index))
  }
  // The check of a configuration knows each name; what a value held is safe behind its doubled dollars, which stay.
  return (template) => fillInstanceVariables(template, (name) => values.get(name) ?? '')
}

/** A port has no other variable. */
function fillPort(port: string, number: number): string {
  return fillInstanceVariables(port, () => String(number))
}

function fillLogs(logs: LogsSpec, fill: Fill): LogsSpec {
  const fillTarget = <T extends string>(target: T | FileTarget): T | FileTarget =>
    typeof target === 'string' ? target : { ...target, file: toText(target.file, fill) }
  return { ...logs, stdout: fillTarget(logs.stdout), stderr: fillTarget(logs.stderr) }
}

function fillHook(hook: HookAction<string>, fill: Fill): HookAction {
  return hook.kind === 'sleep' ? hook : fillCheck(hook, fill)
}

function fillCheck(check: Check<string>, fill: Fill): Check
function fillCheck(check: Check<string> | OutputCheck, fill: Fill): Check | OutputCheck
function fillCheck(check: Check<string> | OutputCheck, fill: Fill): Check | OutputCheck {
  switch (check.kind) {
    case 'exec': {
      const [executable, ...words] = check.command
      return { ...check, command: [fill(executable), ...words.map(fill)] }
    }
    case 'tcp':
      return { ...check, ...fillAddress(check, fill) }
    case 'grpc':
      return { ...check, ...fillAddress(check, fill), service: toText(check.service, fill) }
    case 'logLine':
    case 'logSilence':
      return check
    case 'http': {
      const headers = check.headers.map(({ name, value }) => ({ name, value: toText(value, fill) }))
      const written = toText(check.path, fill)
      const path = written.startsWith('/') ? written : `/${written}`
      return { ...check, ...fillAddress(check, fill), headers, path }
    }
  }
}

function fillAddress(
  { host, port }: { readonly host: string | null; readonly port: string },
  fill: Fill,
) {
  return { host: host === null ? null : toText(host, fill), port: Number(fill(port)) }
}

/** No other variables are put in later: each dollar that is left was doubled. */
function toText(template: string, fill: Fill): string {
  return fill(template).replaceAll('$$', () => '$')
}

function mapValues<K extends string, T, U>(
  map: Readonly<Partial<Record<K, T>>>,
  change: (value: T) => U,
): Readonly<Record<K, U>> {
  const entries = Object.entries(map) as [K, T][]
  return Object.fromEntries(entries.map(([key, value]) => [key, change(value)])) as Record<K, U>
}
