// An esbuild plugin: leaves out of a bundle what packages load for what is not used of them. Much of it leads to further parts of
// Node.js itself: crypto, TLS, HTTP/2 and zlib alone take 2 MB of private memory.

/** By package: what it asks for, and the text of the module that it gets instead. */
const leftOut = {
  fastify: {
    // Servers that are not for plain HTTP/1, host names with several addresses, trusted proxies, versions that plugins ask for.
    'node:https': 'module.exports = {}',
    'node:http2': 'module.exports = {}',
    'node:dns': 'module.exports = {}',
    '@fastify/proxy-addr': 'module.exports = {}',
    semver: 'module.exports = {}',
    'node:assert': assert(),
  },
  'find-my-way': {
    'node:assert': assert(),
    // It looks at regular expressions in routes: there is none but its own.
    'safe-regex2': 'module.exports = () => true',
  },
  pino: {
    // Destinations of its own: it is given one.
    './transport': 'module.exports = {}',
    './lib/transport': 'module.exports = {}',
    'sonic-boom': 'module.exports = class {}',
    worker_threads: 'module.exports = { isMainThread: true }',
  },
  'prom-client': {
    './lib/cluster': 'module.exports = {}',
    './lib/defaultMetrics': 'module.exports = {}',
    './lib/pushgateway': 'module.exports = {}',
    './lib/summary': 'module.exports = {}',
    // Exemplars.
    '@opentelemetry/api': 'module.exports = {}',
  },
}

export const partsLeftOut = {
  name: 'parts-left-out',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /./ }, ({ path, importer }) => {
      const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(importer)?.[1]
      const contents = leftOut[name]?.[path]
      return contents && { path: `${name}: ${path}`, namespace: 'left-out', pluginData: contents }
    })
    onLoad({ filter: /./, namespace: 'left-out' }, ({ pluginData }) => ({ contents: pluginData }))
  },
}

function assert() {
  return 'module.exports = (isSo, message) => { if (!isSo) throw new Error(message) }'
}
