import { once } from 'node:events'
import { createServer } from 'node:net'

/** Of the Lab's page, and of the slides: each looks for the other there, unless told otherwise. */
export const LAB_PORT = 3100
export const SLIDES_PORT = 4000
/** Of the board of a class: for the room's laptops, and its pages for this machine, where the slides look for it. */
export const ROOM_PORT = 4100
export const BOARD_PORT = 4101
/** Of Vitest's interface in the browser: its own choice. */
export const UI_PORT = 51204

/** Whether somebody could listen there, on 127.0.0.1. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
    await once(server.close(), 'close')
    return true
  } catch {
    return false
  }
}
