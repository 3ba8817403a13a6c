import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { eventually } from './outcome.ts'

/** A connection to 127.0.0.1 on which a test says what it likes, byte for byte. */
export interface Wire {
  readonly socket: Socket
  /** All that came back so far. */
  readonly heard: string
  /** `open`, `closed`, or the code of the error that ended it, such as `ECONNRESET`. */
  readonly state: string
  say(text: string): void
  /** False when what came back still does not contain it after ample turns of the event loop. */
  hears(text: string): Promise<boolean>
  /** False when it is still open after ample turns of the event loop. */
  ends(): Promise<boolean>
}

/** `paused` does not read what comes back; `halfOpen` leaves its own side open when the other closes. */
export async function openWire(port: number, { paused = false, halfOpen = false } = {}): Promise<Wire> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: halfOpen })
  let heard = ''
  let state = 'connecting'
  if (!paused) socket.on('data', (chunk) => (heard += chunk))
  socket
    .on('connect', () => (state = 'open'))
    .on('error', ({ code }: NodeJS.ErrnoException) => (state = code!))
    .on('close', () => (state = state === 'open' ? 'closed' : state))
  onTestFinished(() => void socket.destroy())
  await eventually(() => state !== 'connecting', 1_000)
  return {
    socket,
    get heard() {
      return heard
    },
    get state() {
      return state
    },
    say: (text) => void socket.write(text),
    hears: (text) => eventually(() => heard.includes(text), 100),
    ends: () => eventually(() => state !== 'open', 100),
  }
}

/** A request without a body, as it goes over the wire. */
export const get = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: parcel\r\n\r\n`
