// Real containers, by podman and runc. Each is removed at the end of its test; those of a test file that was killed, by the next one.
import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import type { Test } from 'tap'
import { type Launched, launch, plainEnv, until } from './launched.ts'
import { folder } from './supervise.ts'

/** Limits are written, for podman's own would raise those of this machine, which takes a right that it may not have. */
const flags = ['--network=none', '--ulimit=nofile=1024:1024', '--ulimit=nproc=1000:1000']
const label = 'ringmaster-test-pid'

export interface Container extends Launched {
  readonly name: string
  /** Runs a command in it, as its user. Rejects when that fails. */
  exec(...command: string[]): Promise<string>
  /** `podman stop`: the stop signal of the image, and SIGKILL after `seconds`. */
  stop(seconds?: number): Promise<void>
  /** One field of `podman inspect`, as a Go template: `.State.ExitCode`. */
  inspect(field: string): Promise<string>
  /** Runs the HEALTHCHECK of its image, as nothing here does by itself; true: it passed. */
  isHealthy(): Promise<boolean>
}

let count = 0

/** Runs `image ARGS`; `options` are podman's, such as `--user=0`. Its end is that of {@link Launched.ended}, with the exit code of the container. */
export function runContainer(
  t: Test,
  image: string,
  args: readonly string[],
  options: readonly string[] = [],
): Container {
  if (count++ === 0) removeAbandoned()
  const name = `ringmaster-test-${process.pid}-${count}`
  const own = [`--name=${name}`, `--label=${label}=${process.pid}`]
  t.teardown(() => podman('rm', '--force', '--time=0', '--ignore', name))
  const command = ['podman', '--runtime=runc', 'run', ...own, ...flags, ...options, image, ...args]
  // Where it is, podman leaves a file that tells of an OOM kill.
  const launched = launch(t, command, { isOrdinary: true, cwd: folder(t) })
  const inspect = (field: string) => podman('inspect', '--format', `{{${field}}}`, name)
  return {
    ...launched,
    name,
    inspect,
    exec: (...command) => podman('exec', name, ...command),
    async stop(seconds = 10) {
      await podman('stop', `--time=${seconds}`, name)
    },
    async isHealthy() {
      const args = ['--runtime=runc', 'healthcheck', 'run', name]
      return (await execa('podman', args, { env: plainEnv, reject: false })).exitCode === 0
    },
    pid: () =>
      until(async () => Number(await inspect('.State.Pid').catch(() => '')) || undefined, {
        everyMs: 50,
        tell: launched.output,
      }),
    async signal(signal) {
      await podman('kill', `--signal=${signal}`, name)
    },
  }
}

/** What podman prints. */
export async function podman(...args: string[]): Promise<string> {
  const options = { env: plainEnv, extendEnv: false, timeout: 60_000 }
  return (await execa('podman', ['--runtime=runc', ...args], options)).stdout
}

function removeAbandoned(): void {
  const format = `{{.ID}} {{index .Labels "${label}"}}`
  const list = ['ps', '--all', '--filter', `label=${label}`, '--format', format]
  const lines = spawnSync('podman', list, { encoding: 'utf8' }).stdout.trim().split('\n')
  for (const [id = '', pid] of lines.map((line) => line.split(' '))) {
    if (id && !existsSync(`/proc/${pid}`)) spawnSync('podman', ['rm', '-f', '-t', '0', id])
  }
}

/** The option that puts `config` where the image looks for it. JSON is YAML. */
export function configured(t: Test, config: object): readonly string[] {
  const file = join(folder(t), 'ringmaster.yaml')
  writeFileSync(file, JSON.stringify(config))
  return [`--volume=${file}:/etc/ringmaster/ringmaster.yaml:ro`]
}

/** Gives a container an address of its own, as a pod has one: a cable from here to its network, which ends with that. */
export async function connectPod(t: Pick<Test, 'teardown'>, container: Container): Promise<string> {
  const pid = await container.pid()
  const own = `rm${process.pid}-${count}`
  const net = (process.pid * 8 + count * 4) % 0xfe00
  const [node, pod] = [1, 2].map((host) => `169.254.${1 + (net >> 8)}.${(net & 0xfc) + host}`)
  const ip = (command: string) => execa('ip', command.split(' '))
  // What asks after the end of the container must not go out to the world.
  const nowhere = `unreachable ${pod?.replace(/\d+$/, `${net & 0xfc}`)}/30 metric 4096`
  await ip(`route add ${nowhere}`)
  t.teardown(() => ip(`route del ${nowhere}`))
  const inside = (command: string) =>
    execa('nsenter', [`--net=/proc/${pid}/ns/net`, 'ip', ...command.split(' ')])
  await ip(`link add ${own} type veth peer name eth0 netns ${pid}`)
  await ip(`address add ${node}/30 dev ${own}`)
  await ip(`link set ${own} up`)
  await inside(`address add ${pod}/30 dev eth0`)
  await inside('link set eth0 up')
  return pod ?? ''
}
