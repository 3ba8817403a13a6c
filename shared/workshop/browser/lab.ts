import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Command } from '../../lab/control.ts'
import { buildServer } from '../../lab/server.ts'

/** A button in the corner that is farthest away; the Lab's own headers let it come from a file only. */
const FILES: Record<string, [type: string, text: string]> = {
  '/': [
    'text/html',
    '<!doctype html><button style="position:fixed;inset:680px 0 0 1240px">!</button><script src="press.js"></script>',
  ],
  '/press.js': [
    'text/javascript',
    `const order = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"healthy":true}' }
     document.querySelector('button').addEventListener('click', () => fetch('/control', order))`,
  ],
}

export interface Door {
  port: number
  /** What the Lab behind it was told to do. */
  commands: Command[]
  /** Lets the Lab in, which admits a deck at that port. Before, it is somebody else who answers. */
  open(slidesPort: number): Promise<void>
  /** And from now on it is somebody else again. */
  shut(): void
  close(): Promise<void>
}

/** The Lab's own server at a port, with nothing to see behind it but a button. */
export async function startDoor(): Promise<Door> {
  const commands: Command[] = []
  let app: FastifyInstance | undefined
  let isShut = false
  const server = createServer((request, response) => {
    if (app && !isShut) app.routing(request, response)
    else response.writeHead(404).end('{}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    commands,
    async open(slidesPort) {
      const lab = {
        control: async (command: Command) => void commands.push(command),
        history: [],
        subscribe: () => () => {},
      }
      app = buildServer({
        lab,
        host: '127.0.0.1',
        slidesPort,
        page: {
          serve({ url }, response) {
            const [type, text] = FILES[url!.replace(/\?.*/, '')] ?? ['text/plain', '']
            response.writeHead(200, { 'content-type': type }).end(text)
          },
        },
      })
      await app.ready()
    },
    shut() {
      isShut = true
    },
    async close() {
      server.close().closeAllConnections()
      await app?.close()
    },
  }
}
