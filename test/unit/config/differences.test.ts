import t from 'tap'
import { differences } from '../../../src/config/differences.ts'

const before = {
  http: { port: 9099 },
  processes: {
    web: { command: ['a', 'b'], env: { A: '1' } },
    api: { command: ['c'] },
  },
}

t.test('the same config has no differences, whatever the order of its keys', async (t) => {
  t.same(differences(before, structuredClone(before)), [])
  const { web, api } = before.processes
  t.same(differences(before, { processes: { api, web }, http: { port: 9099 } }), [])
})

t.test('what differs is named by its path, not deeper than the field of a process', async (t) => {
  const { web } = before.processes
  const after = {
    http: false,
    logs: { format: 'raw' },
    processes: {
      web: { ...web, command: ['a'], env: { A: '2' }, replicas: 2 },
      new: { command: ['d'] },
    },
  }
  t.same(differences(before, after), [
    'http',
    'processes.web.command',
    'processes.web.env',
    'processes.web.replicas',
    'processes.api',
    'processes.new',
    'logs',
  ])
})

t.test('lists differ by order, length and what is in them', async (t) => {
  for (const [one, other] of [
    [
      ['a', 'b'],
      ['b', 'a'],
    ],
    [['a'], ['a', 'b']],
    [[{ a: 1 }], [{ a: 2 }]],
    [[{ a: undefined }], [{ b: undefined }]],
  ]) {
    t.same(differences({ list: one }, { list: other }), ['list'])
  }
  t.same(differences({ list: [{ a: 1 }] }, { list: [{ a: 1 }] }), [])
})

t.test('keys that objects have by nature are keys like others', async (t) => {
  const strange = JSON.parse('{"__proto__": {"a": 1}, "constructor": 2}') as unknown
  t.same(differences({}, strange), ['__proto__', 'constructor'])
})
