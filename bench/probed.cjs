// A server that answers every HTTP request with `200 ok` and closes; writes its port to stdout.
const { createServer } = require('node:net')

const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok'
const server = createServer((socket) => {
  socket.on('error', () => {})
  socket.on('data', () => socket.end(answer))
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
