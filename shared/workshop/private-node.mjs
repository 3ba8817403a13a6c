// Runs after `npm install`, in plain JavaScript, because the Node that runs it may be too old for anything else.
// A machine with a current Node leaves at once. An older one gets a private Node in node_modules/.bin,
// where every npm script of this project finds it first; the machine's own Node stays as it is.
import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isTooOld, wanted } from '../manifest/node-version.mjs'
import { npm } from './npm.mjs'

// 24.3 and 22.19 are the first of their lines to read TypeScript without a warning. A range, because
// not every version is published for every platform.
const RANGE = '^24.3.0 || ^22.19.0'

// npm installs prune what is not in the lock file, but leave alone what is hidden, and files they did not put there.
const modules = fileURLToPath(new URL('../../node_modules/', import.meta.url))
const download = join(modules, '.private-node')

function bringNode() {
  const platform = process.platform === 'win32' ? 'win' : process.platform
  // The per-platform packages, not the `node` package around them: that one needs an install script, and
  // machines that forbid install scripts are exactly those whose Node is old.
  const name = `node-${platform === 'darwin' && process.arch === 'arm64' ? 'bin-' : ''}${platform}-${process.arch}`
  const file = process.platform === 'win32' ? 'node.exe' : 'node'
  const target = join(modules, '.bin', file)
  try {
    // Into a folder of its own: a second npm must not rearrange the tree that the first one is still building.
    mkdirSync(download, { recursive: true })
    npm([
      'install',
      '--prefix',
      download,
      '--no-save',
      '--no-package-lock',
      '--ignore-scripts',
      '--prefer-offline',
      `${name}@${RANGE}`,
    ])
    mkdirSync(join(modules, '.bin'), { recursive: true })
    renameSync(join(download, 'node_modules', name, 'bin', file), target)
    // Says whether it runs here at all: these are not built for musl, for one.
    const version = execFileSync(target, ['--version'], { encoding: 'utf8' }).trim()
    console.log(`Node ${version} is in node_modules, for this project only.`)
  } catch {
    rmSync(target, { force: true })
    console.error(`Could not bring a private Node for ${platform}-${process.arch}.`)
    console.error(`Install Node ${wanted} or newer from https://nodejs.org, and run npm install again.`)
    process.exitCode = 1
  } finally {
    rmSync(download, { recursive: true, force: true })
  }
}

if (isTooOld(process.version)) {
  console.log(`Your Node is ${process.version}; this workshop brings a newer one of its own (yours stays as it is).`)
  bringNode()
}
