import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Cgroup } from '../ports/cgroup.ts'

/**
 * Reads cgroup v1, v2, or both at once as a host has them that is on its way from one to the other: see cgroups(7). Where the
 * files are is looked up at the first question. `root` is that of the machine unless a test has another.
 */
export function createCgroup(root = '/'): Cgroup {
  const files = { root, places: new Map<string, Place | undefined>() }
  return {
    memoryBytes: () =>
      toCount(read(files, 'memory', { v1: 'memory.usage_in_bytes', v2: 'memory.current' })),
    memoryLimitBytes: () =>
      least(readAll(files, 'memory', { v1: 'memory.limit_in_bytes', v2: 'memory.max' }), toLimit),
    oomKills() {
      const text = read(files, 'memory', { v1: 'memory.oom_control', v2: 'memory.events' })
      return toCount(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? '')
    },
    cpus() {
      const quotas = { v1: 'cpu.cfs_quota_us', v2: 'cpu.max' }
      const quota = least(readAll(files, 'cpu', quotas), ({ text, folder }) =>
        // In v2 the period stands behind the quota.
        toCpus(text.includes(' ') ? text : `${text} ${readFile(folder, 'cpu.cfs_period_us')}`),
      )
      // Not os.availableParallelism(), which since Node.js 22 has the quota in it, rounded down.
      const status = readFile(root, 'proc/self/status')
      const allowed = countList(/^Cpus_allowed_list:\t(.*)$/m.exec(status)?.[1] ?? '')
      return quota === undefined || (allowed !== undefined && allowed < quota) ? allowed : quota
    },
  }
}

interface Files {
  readonly root: string
  /** By controller. */
  readonly places: Map<string, Place | undefined>
}

/** Where a controller tells of this process, below `top`, where its file system is mounted. */
interface Place {
  readonly version: Version
  readonly top: string
  readonly folder: string
}

type Version = 'v1' | 'v2'
type Controller = 'memory' | 'cpu'

/** The text of a file of our own group; `` when there is none. */
function read(files: Files, controller: Controller, names: Record<Version, string>): string {
  const place = placeOf(files, controller)
  return place ? readFile(place.folder, names[place.version]) : ''
}

interface Found {
  readonly folder: string
  readonly text: string
}

/** The same file of our own group and of each above it. */
function* readAll(
  files: Files,
  controller: Controller,
  names: Record<Version, string>,
): Generator<Found> {
  const place = placeOf(files, controller)
  if (place === undefined) return
  for (let { folder } = place; ; folder = dirname(folder)) {
    yield { folder, text: readFile(folder, names[place.version]) }
    if (folder.length <= place.top.length) return
  }
}

function placeOf(files: Files, controller: Controller): Place | undefined {
  const { root, places } = files
  if (!places.has(controller)) places.set(controller, findPlace(root, controller))
  return places.get(controller)
}

/** A controller is in one hierarchy at a time: in that of its v1 mount, or else in the one of v2. */
function findPlace(root: string, controller: Controller): Place | undefined {
  const groups = readFile(root, 'proc/self/cgroup').split('\n').map(parseGroup)
  const group =
    groups.find(({ controllers }) => controllers.includes(controller)) ??
    groups.find(({ controllers }) => controllers[0] === '')
  if (group === undefined) return undefined
  const version = group.controllers[0] === '' ? 'v2' : 'v1'
  for (const line of readFile(root, 'proc/self/mountinfo').split('\n')) {
    const mount = parseMount(line)
    const isIt =
      version === 'v2'
        ? mount.type === 'cgroup2'
        : mount.type === 'cgroup' && mount.options.includes(controller)
    const below = isIt ? pathBelow(mount.root, group.path) : undefined
    if (below === undefined) continue
    const top = join(root, mount.point)
    return { version, top, folder: join(top, below) }
  }
  return undefined
}

/** A line of /proc/self/cgroup: `4:memory:/docker/1f`, of v2 `0::/`. */
function parseGroup(line: string): { controllers: readonly string[]; path: string } {
  const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
  return { controllers: controllers?.split(',') ?? [], path: path ?? '' }
}

/** A line of /proc/self/mountinfo; see proc_pid_mountinfo(5). */
function parseMount(line: string) {
  const [head = '', tail = ''] = line.split(' - ')
  const [, , , root = '', point = ''] = head.split(' ').map(unescapeOctal)
  const [type = '', , options = ''] = tail.split(' ')
  return { root, point, type, options: options.split(',') }
}

/**
 * What is left of `path` below `root`. A container without a cgroup namespace sees the host's names in both. Undefined when
 * it lies elsewhere, and when one of them is outside of our namespace, where names begin with `..`.
 */
function pathBelow(root: string, path: string): string | undefined {
  if (/^\/\.\.(\/|$)/.test(root) || /^\/\.\.(\/|$)/.test(path)) return undefined
  if (root === '/') return path === '/' ? '' : path
  return path === root || path.startsWith(`${root}/`) ? path.slice(root.length) : undefined
}

/** `\040` is a space. */
function unescapeOctal(text: string): string {
  return text.replace(/\\(\d{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)))
}

function least(
  found: Iterable<Found>,
  parse: (found: Found) => number | undefined,
): number | undefined {
  let result: number | undefined
  for (const one of found) {
    const value = parse(one)
    if (value !== undefined && (result === undefined || value < result)) result = value
  }
  return result
}

function toCount(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : undefined
}

/** v2 says `max` where there is no limit, v1 the most that its counter of pages can hold. */
function toLimit({ text }: Found): number | undefined {
  const bytes = toCount(text)
  return bytes !== undefined && bytes < 2 ** 60 ? bytes : undefined
}

/** `150000 100000` is 1.5; without a quota it is `max`, in v1 -1. */
function toCpus(text: string): number | undefined {
  const [quota = '', period = ''] = text.split(' ')
  const cpus = Number(quota) / Number(period)
  return cpus > 0 && Number.isFinite(cpus) ? cpus : undefined
}

/** `0-2,8` is 4; undefined for none. */
function countList(text: string): number | undefined {
  let count = 0
  for (const [, first, last] of text.matchAll(/(\d+)(?:-(\d+))?/g)) {
    count += Number(last ?? first) - Number(first) + 1
  }
  return count > 0 ? count : undefined
}

/** Without its last newline; `` for whatever the kernel answers in place of a text. */
function readFile(folder: string, name: string): string {
  try {
    return readFileSync(join(folder, name), 'latin1').trimEnd()
  } catch (error) {
    if (error instanceof Error && 'errno' in error) return ''
    throw error
  }
}
