import { type Child, startChild } from './child.ts'
import type { Instance } from './parcel.ts'

/** A small program in the place of Parcel: it gives this answer to everything, and does `more`. */
export const server = (answer: string, more = '') => `
  import { createServer } from 'node:http'
  const server = createServer((request, response) => response.end('${answer}'))
  server.listen(0, '127.0.0.1', () => process.send({ origin: 'http://127.0.0.1:' + server.address().port }))
  process.on('SIGTERM', () => process.exit())
  ${more}`

export function startProgram(program: string): Instance & { child: Child } {
  const child = startChild(['--input-type=module', '--eval', program], {}, () => {})
  return { child, origin: child.message<{ origin: string }>().then(({ origin }) => origin) }
}
