import { fstatSync } from 'node:fs'
import { systemClock } from '../os/clock.ts'
import { native } from '../os/native.ts'
import { readiness } from '../os/readiness.ts'
import { prefixColors, wantsColor } from '../output/colors.ts'
import { createSink, type Sink } from '../output/sink.ts'
import type { OutputOptions } from '../output/streams.ts'
import type { Plan } from '../plan/plan.ts'

/** Where both descriptors are the same pipe or file, one sink keeps the lines whole. */
export function openSinks(): { stdout: Sink; stderr: Sink } {
  const { write } = native()
  const open = (fd: number) => createSink({ fd, write, readiness, clock: systemClock })
  const [one, two] = [fstatSync(1), fstatSync(2)]
  const stdout = open(1)
  return { stdout, stderr: one.dev === two.dev && one.ino === two.ino ? stdout : open(2) }
}

/** A colour for each process, on those of stdout and stderr that take colours. */
export async function chooseColors({ processes }: Plan): Promise<OutputOptions['colors']> {
  const colors = prefixColors(processes.map(({ name }) => name))
  const has = async (fd: number) => wantsColor(process.env, await leadsToTerminal(fd))
  return { ...((await has(1)) && { stdout: colors }), ...((await has(2)) && { stderr: colors }) }
}

/** Loads nothing where it is no device at all. */
export async function leadsToTerminal(fd: number): Promise<boolean> {
  return fstatSync(fd).isCharacterDevice() && (await import('node:tty')).isatty(fd)
}
