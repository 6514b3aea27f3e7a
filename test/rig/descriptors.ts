import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'

/** Runs `work` while this process can open nothing more. */
export function withoutDescriptors(work: () => void): void {
  const limit = spawnSync('prlimit', ['--nofile', '--raw', '--noheadings', '-o', 'SOFT,HARD'], {
    encoding: 'utf8',
  }).stdout.trim()
  const [soft = '', hard = ''] = limit.split(/\s+/)
  setLimit(`256:${hard}`)
  const held: number[] = []
  try {
    for (;;) held.push(openSync('/dev/null', 'r'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EMFILE') throw error
  }
  try {
    work()
  } finally {
    for (const fd of held) closeSync(fd)
    setLimit(`${soft}:${hard}`)
  }
}

function setLimit(limit: string): void {
  const { status } = spawnSync('prlimit', ['--pid', `${process.pid}`, `--nofile=${limit}`])
  if (status !== 0) throw new Error(`cannot set the limit of descriptors to ${limit}`)
}
