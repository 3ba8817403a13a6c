import { once } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'

export interface Answer {
  status: number
  headers: Record<string, string>
  body: string
  /** What follows the body until the caller leaves: a stream, which has no length. */
  tail?: (signal: AbortSignal) => AsyncIterable<string>
}

export type Send = (response: ServerResponse, answer: Answer, signal: AbortSignal) => Promise<void>

/** What was asked for cannot be had; the message is for the caller and says what can. */
export class Refusal extends RangeError {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.name = 'Refusal'
    this.status = status
  }
}

export function json(status: number, value: unknown, headers: Record<string, string> = {}): Answer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) }
}

/** The answer of `work`, or its refusal put as an answer. */
export async function answerOf(work: () => Answer | Promise<Answer>): Promise<Answer> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Refusal) return json(error.status, { error: error.message })
    throw error
  }
}

/** A body of unknown length goes out in chunks. */
export function sendHead(response: ServerResponse, { status, headers, body, tail }: Answer, length?: 'unknown'): void {
  const sized = !tail && length !== 'unknown'
  response.writeHead(status, sized ? { ...headers, 'content-length': Buffer.byteLength(body) } : headers)
}

/** Whatever comes after the body, then the end. */
export async function sendTail(response: ServerResponse, { tail }: Answer, signal: AbortSignal): Promise<void> {
  if (tail) for await (const chunk of tail(signal)) response.write(chunk)
  response.end()
}

export const send: Send = async (response, answer, signal) => {
  sendHead(response, answer)
  response.write(answer.body)
  await sendTail(response, answer, signal)
}

const MAX_BODY_BYTES = 10_000

/** Reads the body to its end, else a closed connection goes unnoticed, but keeps no more than 10,000 bytes of it. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    if (bytes < MAX_BODY_BYTES) chunks.push(chunk)
    bytes += chunk.length
  }
  return Buffer.concat(chunks).toString('utf8', 0, MAX_BODY_BYTES)
}

/** Resolves to the origin once the server accepts connections; port 0 is any free one. */
export async function listen(server: Server, host: string, port: number): Promise<string> {
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('expected a TCP server')
  return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`
}

/** Resolves once the port is free and every connection cut, the busy ones too. */
export function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
