// The door of every command. Plain JavaScript without dependencies: whoever knocks may have a Node that
// is too old for TypeScript, or no node_modules yet, and shall be told so in a sentence.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isTooOld, wanted } from '../manifest/node-version.mjs'

const root = new URL('../../', import.meta.url)
const has = (name) => existsSync(new URL(`node_modules/${name}/package.json`, root))

/** Why no command can run here, and what to do; the doctor says more, and comes in all the same. */
function obstacle() {
  if (/[#?%]/.test(fileURLToPath(root)))
    return `The path of this folder has a #, ? or % in it, which Vite takes for a part of a URL: move it. (${fileURLToPath(root)})`
  if (has('vitest')) return undefined
  return has('fastify')
    ? 'Only what production needs is installed (NODE_ENV=production, or omit=dev in an .npmrc): run "npm install --include=dev".'
    : 'The dependencies are not installed: run "npm install" first.'
}

function stop(sentence) {
  console.error(sentence)
  process.exitCode = 1
}

const isDoctor = process.argv[2] === 'doctor'

// What we start talks to this machine only, and no proxy is to be asked for that (Node asks with NODE_USE_ENV_PROXY=1).
if (!isDoctor)
  for (const name of ['NO_PROXY', 'no_proxy'])
    process.env[name] = [process.env[name], '127.0.0.1', 'localhost'].filter(Boolean).join(',')

const reason = isDoctor ? undefined : obstacle()
if (isTooOld(process.version))
  stop(
    `This is Node ${process.version}, and the workshop needs ${wanted} or newer: run "npm install" (without ` +
      '--ignore-scripts), which brings one for this project only, or install it from https://nodejs.org.',
  )
else if (reason) stop(reason)
else import('../manifest/compile-cache.mjs').then(() => import('./cli.ts'))
