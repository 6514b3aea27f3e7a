import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Reader } from '../rig/reader.ts'
import { ways } from '../rig/ringmaster.ts'
import { folder, script, supervise } from '../rig/supervise.ts'

const never = { restartPolicy: 'Never' }

/** Each byte value in each place of lines of 1 to 2000 bytes. */
const everyByte = Buffer.concat([
  Buffer.from(Array.from({ length: 1_000_000 }, (_, i) => (i * 7 + (i >> 8)) % 256)),
  Buffer.from('\n'),
])

for (const { way, start, skip } of ways) {
  t.test(`${way}: raw and prefix keep every byte`, { skip }, async (t) => {
    const file = join(folder(t), 'bytes')
    writeFileSync(file, everyByte)
    const printed = async (format: string) => {
      const ringmaster = await supervise(t, start, {
        logs: { format },
        processes: { web: script(`cat ${file}`, never) },
      })
      t.match(await ringmaster.end(), { code: 0 })
      return ringmaster.bytes
    }
    t.ok((await printed('raw')).equals(everyByte))
    const lines = (await printed('prefix')).toString('latin1').split('\n').slice(0, -1)
    t.ok(lines.every((line) => line.startsWith('web.1 | ')))
    const bytes = lines.map((line) => `${line.slice('web.1 | '.length)}\n`).join('')
    t.ok(Buffer.from(bytes, 'latin1').equals(everyByte))
  })

  t.test(
    `${way}: 20 writers and the log share a pipe, and each line parses`,
    { skip },
    async (t) => {
      const reader = new Reader(t)
      const count = 2000
      const program = `i=0; while [ $i -lt ${count} ]; do printf '%s ä🎪 %s\\n' $i "$s"; echo "$i \\"err\\"" >&2; s="$s\\\\"; [ \${#s} -lt 300 ] || s=; i=$((i+1)); done`
      const ringmaster = await supervise(
        t,
        start,
        {
          logs: { format: 'json' },
          processes: { web: script(program, { ...never, replicas: 20 }) },
        },
        { by: reader.by('2>&1') },
      )
      await reader.readUntil(() => ringmaster.hasExited)
      t.same(await ringmaster.exit(), { code: 0, signal: null })
      const lines = Buffer.from(reader.text, 'latin1').toString().trimEnd().split('\n')
      const objects = lines.map((line) => JSON.parse(line) as Record<string, string>)
      const log = objects.filter(({ level }) => level !== undefined)
      t.ok(log.length >= 60, `${log.length} lines of the log`)
      const next = new Map<string, number>()
      const wrong = objects.filter(({ level, instance, stream, line = '' }) => {
        if (level !== undefined) return false
        const expected = next.get(`${instance} ${stream}`) ?? 0
        next.set(`${instance} ${stream}`, expected + 1)
        const text = stream === 'stderr' ? '"err"' : `ä🎪 ${'\\'.repeat(expected % 300)}`
        return line !== `${expected} ${text}`
      })
      t.same(wrong, [])
      t.same([...next.values()], new Array(40).fill(count))
    },
  )

  t.test(
    `${way}: last words without a newline arrive, then Ringmaster ends`,
    { skip },
    async (t) => {
      const ringmaster = await supervise(t, start, {
        processes: {
          web: script('printf "out\\nlast out"; printf "last err" >&2; kill -SEGV $$', never),
        },
      })
      const { code, stdout, stderr } = await ringmaster.end()
      t.equal(code, 128 + 11)
      t.equal(stdout, 'web.1 | out\nweb.1 | last out\n')
      t.match(stderr, /^web\.1 \| last err$/m)
      t.match(stderr, /ringmaster ends with code 139/)
    },
  )

  t.test(`${way}: so do those of a child that has to be killed`, { skip }, async (t) => {
    const ringmaster = await supervise(t, start, {
      processes: {
        web: script('trap "printf \\"not yet\\"" TERM; echo up; while :; do sleep 0.01; done', {
          terminationGracePeriodSeconds: 0.2,
        }),
      },
    })
    await ringmaster.line(/^web\.1 \| up$/)
    ringmaster.signal('SIGTERM')
    const { code, stdout } = await ringmaster.end()
    t.equal(code, 0)
    t.equal(stdout, 'web.1 | up\nweb.1 | not yet\n')
  })

  t.test(`${way}: and those of what a child leaves behind`, { skip }, async (t) => {
    const up = join(folder(t), 'up')
    const orphan = `trap "echo told; printf late; exit" TERM; echo up > ${up}; while :; do sleep 0.01; done`
    const ringmaster = await supervise(t, start, {
      processes: {
        web: script(`sh -c '${orphan}' & until [ -s ${up} ]; do :; done; printf first`, never),
      },
    })
    const { code, stdout } = await ringmaster.end()
    t.equal(code, 0)
    t.equal(stdout, 'web.1 | firsttold\nweb.1 | late\n')
  })
}
