// What HTTP probes cost in Node.js at least: PORT COUNT PERIOD_MS. So many loops over node:net, each of which sends the request once a
// period, in its own time as Ringmaster's do, and reads the answer to its end.
const { connect } = require('node:net')

const [port, count, periodMs] = process.argv.slice(2).map(Number)
const request = `GET / HTTP/1.1\r\nHost: localhost:${port}\r\nUser-Agent: ringmaster-probe\r\nAccept: */*\r\nConnection: close\r\n\r\n`

function probe(atMs) {
  const socket = connect({ host: '127.0.0.1', port })
  let answer = ''
  socket.setEncoding('latin1')
  socket.on('connect', () => socket.write(request))
  socket.on('data', (text) => {
    answer += text
    if (answer.startsWith('HTTP/1.1 200') && answer.endsWith('\r\n\r\nok')) socket.destroy()
  })
  socket.on('error', () => {})
  schedule(atMs + periodMs)
}

function schedule(atMs) {
  setTimeout(probe, Math.max(0, Math.ceil(atMs - performance.now())), atMs)
}

for (let i = 0; i < count; i++) schedule(performance.now() + Math.random() * periodMs)
