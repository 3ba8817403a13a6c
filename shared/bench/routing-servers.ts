// The upstream of routing.ts, in a process of its own: `/5` is answered after 5 ms. It sends its port, and on any message how
// many connections were opened since.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

let opened = 0
const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const delayMs = Number(request.url!.slice(1))
  if (delayMs === 0) response.end('ok')
  else setTimeout(() => response.end('ok'), delayMs)
}).on('connection', () => opened++)
await once(server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }), 'listening')
process.on('message', () => {
  process.send!(opened)
  opened = 0
})
process.on('disconnect', () => process.exit())
process.send!((server.address() as AddressInfo).port)
