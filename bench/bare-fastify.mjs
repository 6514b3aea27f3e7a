// What any endpoint of fastify's costs at least: answers "ok" at every path that a probe asks for. Its port is the argument.
import { fastify } from 'fastify'

const app = fastify({ logger: false })
app.get('/readyz', (_request, reply) => reply.send('ok'))
await app.listen({ host: '127.0.0.1', port: Number(process.argv[2]) })
