// The images and manifests in README.md and docs/: built, checked, and run.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { connectPod, runContainer } from '../rig/containers.ts'
import { blocks, configurations, documents, manifests } from '../rig/documents.ts'
import { needsContainers, userImage } from '../rig/images.ts'
import { type Probe, tryOnce, watch } from '../rig/kubelet.ts'
import { until } from '../rig/launched.ts'
import { nodeCommand, unless } from '../rig/ringmaster.ts'
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
    // What adds nothing to Ringmaster's own image gets its configuration as that does.
    const mounted = `--volume=${source}:/etc/ringmaster:ro`
    const container = runContainer(t, image, [], text.includes('COPY') ? [] : [mounted])
    await container.match(/^web\.1 \| serving$/m)
    t.equal(await container.exec('id', '-u'), '65534')
    t.equal(await container.isHealthy(), true)
    await container.stop()
    t.equal(await container.ended(), 0)
  })
}

const needsKubectl = unless(
  spawnSync('kubectl', ['version', '--client']).error === undefined,
  'needs kubectl, of the Debian package kubernetes-client',
)

const objects = documents.flatMap((file) => manifests(file).map((block) => ({ file, ...block })))
for (const { file, line, text } of objects) {
  t.test(`Kubernetes knows every field in ${file}:${line}`, { skip: needsKubectl }, (t) => {
    // With --local kubectl asks no server: it reads the text into its own types, which drops what it does not know.
    const args = ['set', 'image', '--local', '-f', '-', '-o', 'json', '*=changed']
    const { status, stdout, stderr } = spawnSync('kubectl', args, { input: text, encoding: 'utf8' })
    t.equal(status, 0, stderr)
    t.match(JSON.parse(stdout), parse(text.replaceAll(/image: \S+/g, 'image: changed')))
    t.end()
  })
}

t.test(
  'the pod of README.md becomes ready, serves, and ends within its time',
  { skip },
  async (t) => {
    const source = folder(t)
    const [{ text: dockerfile } = { text: '' }] = images.filter(({ text }) =>
      text.includes('COPY . .'),
    )
    const [{ text: configuration } = { text: '' }] = configurations('README.md')
    const server =
      "require('node:http').createServer((_, answer) => answer.end('hello')).listen(process.env.PORT)"
    for (const [name, text] of Object.entries({
      Dockerfile: dockerfile,
      'ringmaster.yaml': configuration,
      'server.js': `${server}\nprocess.on('SIGTERM', () => process.exit(0))`,
      'migrate.js': "console.log('done')",
      'worker.js': "console.log(process.argv.slice(2).join(' ')); setInterval(() => {}, 1000)",
    })) {
      writeFileSync(join(source, name), text)
    }
    const [{ text: manifest } = { text: '' }] = manifests('README.md')
    const { spec } = parse(manifest).spec.template as { readonly spec: PodSpec }
    const pod = spec.containers[0]
    if (pod === undefined) throw new Error('the Deployment has no container')
    t.strictSame(pod.securityContext, {
      runAsNonRoot: true,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    })
    const rights = ['--read-only', '--security-opt=no-new-privileges', '--cap-drop=ALL']
    // As in every pod.
    const env = '--env=KUBERNETES_SERVICE_HOST=10.0.0.1'
    const container = runContainer(
      t,
      userImage(t, source),
      [],
      [...rights, '--read-only-tmpfs=false', env],
    )
    const address = await connectPod(t, container)
    t.match(
      await container.inspect('.Config.User'),
      /^[1-9]\d*:/,
      'a kubelet can tell that it is not root',
    )

    const port = (name: string) => pod.ports.find((port) => port.name === name)?.containerPort ?? 0
    const withNumber = ({ httpGet, ...probe }: Probe) => ({
      ...probe,
      httpGet: { ...httpGet, port: port(`${httpGet.port}`) },
    })
    const kubelet = watch(address, {
      startupProbe: withNumber(pod.startupProbe),
      livenessProbe: withNumber(pod.livenessProbe),
      readinessProbe: withNumber(pod.readinessProbe),
    })
    t.teardown(() => kubelet.stop())
    await until(() => kubelet.story.length === 2 || undefined, { tell: container.output })
    t.strictSame(kubelet.story, ['started', 'ready'])
    for (const name of ['worker.1', 'worker.2'])
      await container.match(new RegExp(`^${name} \\| --queue mail$`, 'm'))
    await until(
      async () =>
        (await tryOnce(address, { httpGet: { path: '/', port: port('web') } })).isSuccess ||
        undefined,
    )

    const [node = '', ...args] = nodeCommand(['check', join(source, 'ringmaster.yaml')])
    const checked = spawnSync(node, args, {
      env: { KUBERNETES_SERVICE_HOST: '10.0.0.1' },
      encoding: 'utf8',
    })
    const [, budget] = /^Shutdown, (\d+) s at most:$/m.exec(checked.stdout) ?? []
    t.equal(Number(budget), spec.terminationGracePeriodSeconds)

    await container.stop(spec.terminationGracePeriodSeconds)
    t.equal(await container.ended(), 0)
  },
)

interface PodSpec {
  readonly terminationGracePeriodSeconds: number
  readonly containers: readonly {
    readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
    readonly startupProbe: Probe
    readonly livenessProbe: Probe
    readonly readinessProbe: Probe
    readonly securityContext: object
  }[]
}
