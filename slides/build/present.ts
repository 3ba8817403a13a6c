import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, createServer, preview } from 'vite'
import { BOARD_PORT, LAB_PORT } from '../../shared/manifest/port.ts'
import type { Source } from './deck.ts'
import { type LivePorts, slidesConfig, soundDeck } from './vite.ts'

/** A deck that can be looked at. */
export interface Show {
  address: string
  close(): Promise<void>
}

const PORTS: LivePorts = { lab: LAB_PORT, board: BOARD_PORT }

/** Builds the deck and serves it; the port, or the next free one. */
export async function presentSlides(source: Source, port: number, ports: Partial<LivePorts> = {}): Promise<Show> {
  soundDeck(source)
  const config = slidesConfig(source, { ...PORTS, ...ports })
  const outDir = mkdtempSync(join(tmpdir(), 'fail-well-slides-'))
  const remove = () => rmSync(outDir, { recursive: true, force: true })
  // Not only when closed: Vite ends the process on SIGTERM by itself, and a build may fail.
  process.once('exit', remove)
  await build({ ...config, build: { ...config.build, outDir } })
  const server = await preview({ ...config, build: { outDir }, preview: { host: '127.0.0.1', port } })
  const close = async () => {
    await server.close()
    process.off('exit', remove)
    remove()
  }
  return { address: server.resolvedUrls!.local[0]!, close }
}

/** Serves the deck as it is written, and reloads it when something in it is saved. */
export async function watchSlides(source: Source, port: number, ports: Partial<LivePorts> = {}): Promise<Show> {
  const config = slidesConfig(source, { ...PORTS, ...ports })
  const server = await createServer({ ...config, server: { ...config.server, port } })
  await server.listen()
  return { address: server.resolvedUrls!.local[0]!, close: () => server.close() }
}
