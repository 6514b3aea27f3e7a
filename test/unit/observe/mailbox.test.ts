import t from 'tap'
import type { Change } from '../../../src/core/changes.ts'
import { createMailbox } from '../../../src/observe/mailbox.ts'

function error(message: string): Change {
  return { type: 'internalError', message, at: { monoMs: 0, wallMs: 0 } }
}

t.test('changes wait in order for the reader, then reach it at once', async (t) => {
  const mailbox = createMailbox()
  const read: Change[] = []
  mailbox.post(error('1'))
  mailbox.post(error('2'))
  mailbox.open(
    (change) => read.push(change),
    () => t.fail('none were dropped'),
  )
  t.same(read, [error('1'), error('2')])
  mailbox.post(error('3'))
  t.same(read, [error('1'), error('2'), error('3')])
})

t.test('of too many the oldest are dropped, and it is said how many', async (t) => {
  const mailbox = createMailbox(2)
  for (const message of ['1', '2', '3', '4', '5']) mailbox.post(error(message))
  const heard: unknown[] = []
  mailbox.open(
    (change) => heard.push(change),
    (count) => heard.push(count),
  )
  t.same(heard, [3, error('4'), error('5')])
})
