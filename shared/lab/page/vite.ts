import { dirname } from 'node:path'
import { createRequire } from 'node:module'
import type { InlineConfig } from 'vite'

const require = createRequire(import.meta.url)
const packages = ['preact', 'uplot'].map((name) => dirname(require.resolve(`${name}/package.json`)))

/** Serves the page to whoever mounts Vite's middlewares. Nothing is watched, and nothing reloads a page on a projector. */
export function pageOptions(): InlineConfig {
  return {
    root: import.meta.dirname,
    configFile: false,
    // Without its fallback to index.html, so that a path that does not exist says so.
    appType: 'mpa',
    logLevel: 'warn',
    clearScreen: false,
    plugins: [{ name: 'no-client', transformIndexHtml: { order: 'post', handler: withoutClient } }],
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact', development: false } },
    // Both packages are ES modules as they are: no bundle to wait for, and none that two Labs write at the same time.
    optimizeDeps: { noDiscovery: true, include: [] },
    server: {
      middlewareMode: true,
      ws: false,
      watch: null,
      cors: false,
      fs: { allow: [import.meta.dirname, ...packages] },
      warmup: { clientFiles: ['./main.tsx'] },
    },
  }
}

/** Vite's own script would reload the page, over a WebSocket that is not there. */
const withoutClient = (html: string) => html.replace('<script type="module" src="/@vite/client"></script>', '')
