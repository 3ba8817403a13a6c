// The door of every command. Plain JavaScript without dependencies: whoever knocks may have a Node that
// is too old for TypeScript, or no node_modules yet, and shall be told so in a sentence.
import { existsSync } from 'node:fs'
import { isTooOld, wanted } from '../manifest/node-version.mjs'

const installed = existsSync(new URL('../../node_modules/vitest/package.json', import.meta.url))

function stop(sentence) {
  console.error(sentence)
  process.exitCode = 1
}

if (isTooOld(process.version))
  stop(
    `This is Node ${process.version}, and the workshop needs ${wanted} or newer: run "npm install" (without ` +
      '--ignore-scripts), which brings one for this project only, or install it from https://nodejs.org.',
  )
else if (!installed && process.argv[2] !== 'doctor')
  stop('The dependencies are not installed: run "npm install" first.')
else import('../manifest/compile-cache.mjs').then(() => import('./cli.ts'))
