// The images that README.md and docs/ describe, built and run.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runContainer } from '../rig/containers.ts'
import { blocks, documents } from '../rig/documents.ts'
import { needsContainers, userImage } from '../rig/images.ts'
import { folder } from '../rig/supervise.ts'

t.setTimeout(900_000)
t.jobs = 1
const skip = needsContainers

const config = "processes: {web: {command: [sh, -c, 'echo serving; exec sleep 1000']}}"
const images = documents.flatMap((file) =>
  blocks(file, 'dockerfile').map((block) => ({ file, ...block })),
)

for (const { file, line, text } of images) {
  t.test(`the image in ${file}:${line} builds and runs`, { skip }, async (t) => {
    const source = folder(t)
    writeFileSync(join(source, 'Dockerfile'), text)
    writeFileSync(join(source, 'ringmaster.yaml'), config)
    const image = userImage(t, source)
    if (text.includes('"exec"')) {
      const container = runContainer(t, image, ['sh', '-c', 'exit 7'])
      t.equal(await container.ended(), 7)
      return
    }
    const container = runContainer(t, image, [])
    await container.match(/^web\.1 \| serving$/m)
    t.equal(await container.exec('id', '-u'), '65534')
    await container.stop()
    t.equal(await container.ended(), 0)
  })
}
