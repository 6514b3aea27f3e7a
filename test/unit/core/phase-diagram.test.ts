import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Change } from '../../../src/core/changes.ts'
import { root } from '../../rig/fixtures.ts'
import { type Happening, happenings, type Situation, situations } from '../../rig/situations.ts'
import { walk } from '../../rig/walk/walk.ts'

const path = join(root, 'ARCHITECTURE.md')
const [begin, end] = ['<!-- phases -->', '<!-- /phases -->']
/** As many as show every pair many times over. */
const walks = 500

t.test('ARCHITECTURE.md shows the changes of phase that happen, and no others', async (t) => {
  const text = readFileSync(path, 'utf8')
  const [before, rest = ''] = text.split(begin)
  const [shown, after] = rest.split(end)
  const expected = `\n${diagram([...exampleChanges(), ...walkChanges()])}\n`
  if (process.env['RINGMASTER_WRITE']) {
    writeFileSync(path, [before, begin, expected, end, after].join(''))
    return
  }
  t.equal(shown, expected, 'RINGMASTER_WRITE=1 node out/test/unit/core/phase-diagram.test.js')
})

function diagram(changes: readonly Change[]): string {
  const arrows = changes.flatMap((change) =>
    change.type === 'instance' ? [`  ${change.previous} --> ${change.phase}`] : [],
  )
  const atRest = ['stopped', 'succeeded', 'failed'].map((phase) => `  ${phase} --> [*]`)
  const lines = [...new Set([...arrows, ...atRest])].sort()
  return ['```mermaid', 'stateDiagram-v2', '  [*] --> pending', ...lines, '```'].join('\n')
}

function exampleChanges(): Change[] {
  return (Object.keys(situations) as Situation[]).flatMap((situation) => [
    ...(Object.keys(happenings) as Happening[]).flatMap((happening) => {
      const story = situations[situation]()
      story.take(happenings[happening](story.instance().live?.run ?? 0))
      return story.allChanges
    }),
    ...situations[situation]().take({ type: 'broken', instance: 'web.1' }).allChanges,
  ])
}

function walkChanges(): Change[] {
  return Array.from({ length: walks }, (_, seed) => walk(seed, 60).changes).flat()
}
