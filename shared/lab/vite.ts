import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { createServer } from 'vite'
import { root } from '../manifest/target.ts'
import { pageOptions } from './page/vite.ts'

export interface Page {
  serve(request: IncomingMessage, response: ServerResponse): void
  close(): Promise<void>
}

/** The page's files, made for the browser as it asks for them. */
export async function openPage(): Promise<Page> {
  const vite = await createServer({ cacheDir: join(root, 'node_modules/.vite/lab'), ...pageOptions() })
  return {
    serve: (request, response) => vite.middlewares(request, response),
    close: () => vite.close(),
  }
}
