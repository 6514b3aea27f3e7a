import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import t from 'tap'
import { blocks, documents } from '../rig/documents.ts'
import { root } from '../rig/fixtures.ts'

/** Examples that speak of a server which is not running here; other tests do what they show. */
const needServer = /\bcurl\b/

t.test('every console example in the docs prints what it says', async (t) => {
  const cwd = mkdtempSync(join(tmpdir(), 'ringmaster-docs-'))
  t.teardown(() => rmSync(cwd, { recursive: true }))
  for (const file of documents) {
    for (const { text, line } of blocks(file, 'console').filter(
      ({ text }) => !needServer.test(text),
    )) {
      for (const { command, output } of examples(text)) {
        t.equal(await shell(command, cwd), output, `${file}:${line}: ${command}`)
      }
    }
  }
})

function examples(text: string): { command: string; output: string }[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((example) => {
      const end = example.indexOf('\n')
      return { command: example.slice(0, end), output: example.slice(end + 1) }
    })
}

/** All that `command` prints, stdout and stderr in their order. */
async function shell(command: string, cwd: string): Promise<string> {
  const PATH = `${join(root, 'bin')}:${process.env['PATH']}`
  const options = { cwd, env: { PATH }, reject: false, stripFinalNewline: false }
  const { stdout } = await execa('sh', ['-c', `exec 2>&1; ${command}`], options)
  return stdout
}
