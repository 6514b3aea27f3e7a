import { readFileSync } from 'node:fs'
import t from 'tap'
import { isMapped, parseCredentials, readOwnRights } from '../../../src/os/own-rights.ts'

t.test('the fields of /proc/PID/status', async (t) => {
  const status = [
    ...['Name:\tUid: 9', 'Uid:\t1\t2\t3\t4', 'Gid:\t5\t6\t7\t8', 'Groups:\t10 4294967294 '],
    ...['CapInh:\t0000000000000001', 'CapPrm:\t000001ffffffffff', 'CapEff:\t0000000000000400'],
    ...['CapBnd:\t8000000000000000', 'CapAmb:\t0000000000000000', 'NoNewPrivs:\t1'],
  ].join('\n')
  t.strictSame(parseCredentials(status), {
    ...{ uids: [1, 2, 3, 4], gids: [5, 6, 7, 8], groups: [10, 4294967294] },
    ...{ permitted: 0x1ffffffffffn, effective: 0x400n, bounding: 1n << 63n, ambient: 0n },
    ...{ inheritable: 1n, hasNoNewPrivileges: true },
  })
  const lesser = status.replace(/Groups.*/, 'Groups:\t ').replace('Privs:\t1', 'Privs:\t0')
  t.strictSame(parseCredentials(lesser).groups, [])
  t.equal(parseCredentials(lesser).hasNoNewPrivileges, false)
})

t.test('what Ringmaster is, it reads of itself', async (t) => {
  const own = readOwnRights()
  t.match(own, { uid: process.geteuid?.(), gid: process.getegid?.() })
  const effective = own.effective.toString(16).padStart(16, '0')
  t.match(readFileSync('/proc/self/status', 'utf8'), `CapEff:\t${effective}`)
})

t.test('ids are there when a row of the map holds them', async (t) => {
  const map = [
    [0, 1],
    [1000, 10],
  ] as const
  for (const id of [0, 1000, 1009]) t.ok(isMapped(map, id), `${id}`)
  for (const id of [1, 999, 1010]) t.notOk(isMapped(map, id), `${id}`)
  t.ok(isMapped([], 7), 'without a map all are')
})
