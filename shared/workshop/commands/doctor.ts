import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmdirSync, rmSync, statfsSync, watch, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { release, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs, styleText } from 'node:util'
import { variables } from '../../service/config.ts'
import { findBrowser } from '../../stage/find-browser.ts'
import { isFree, UI_PORT } from '../../manifest/port.ts'
import { root } from '../../manifest/target.ts'
import { bad, type Examination, type Examined, fine, note } from '../examination.ts'

const PARCEL_PORT = variables.PORT.fallback

const GB = 2 ** 30
const inGb = (bytes: number) => `${(bytes / GB).toFixed(1)} GB`

const examinations: Examination[] = [
  node,
  npm,
  memory,
  disk,
  writing,
  install,
  native,
  loopback,
  ports,
  watching,
  browser,
  proxies,
  place,
]

/**
 * Can the day start on this machine? Each finding names its fix; the exit code is the answer. `--instructor` asks for what
 * presenting needs, too, and fetches it.
 */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { instructor: { type: 'boolean', default: false } } })
  let findings = await tellAll(examinations)
  const isFit = findings.every(({ state }) => state !== 'bad')
  // It stands on the dependencies, and the doctor himself does not.
  if (values.instructor && isFit) {
    console.log('\nTo present:')
    const { stageFright } = await import('../stage-fright.ts')
    findings = await tellAll(stageFright)
  }
  const count = findings.filter(({ state }) => state === 'bad').length
  const command = `npm run doctor${values.instructor ? ' -- --instructor' : ''}`
  console.log(
    count === 0
      ? `\nThis machine is ready${values.instructor ? ' for the stage' : ''}.`
      : `\nNot ready: mend what is marked ✗ (${count}), and run "${command}" again.`,
  )
  process.exitCode = count === 0 ? 0 : 1
}

async function tellAll(some: Examination[]): Promise<Examined[]> {
  const marks = { fine: styleText('green', '✓'), note: styleText('yellow', '!'), bad: styleText('red', '✗') }
  const findings: Examined[] = []
  for (const examine of some) {
    const finding = await examine()
    findings.push(finding)
    console.log(`${marks[finding.state]} ${finding.what}${finding.fix ? `\n    ${finding.fix}` : ''}`)
  }
  return findings
}

/** That it is new enough we know: bin.mjs let us in. */
function node(): Examined {
  const own = process.execPath.startsWith(join(root, 'node_modules'))
  return fine(
    `Node ${process.version}${own ? ', which this workshop brought' : ''}, on ${process.platform}-${process.arch}`,
  )
}

function npm(): Examined {
  const [, version] = /npm\/(\S+)/.exec(process.env.npm_config_user_agent ?? '') ?? []
  if (!version)
    return note('Not started by npm', 'Commands are meant to be run as "npm run doctor", "npm test" and so on.')
  if (Number.parseInt(version) < 10)
    return note(`npm ${version} is old`, 'If an install goes wrong, try a newer one: npm install --global npm')
  return fine(`npm ${version}`)
}

function memory(): Examined {
  // macOS calls free what nothing has ever used, which is next to nothing on a healthy machine.
  if (process.platform === 'darwin') return fine(`${inGb(totalmem())} of memory`)
  const free = process.availableMemory()
  const what = `${inGb(free)} of memory to be had`
  if (free < GB / 4) return bad(what, 'The tests need a quarter of a GB: close a browser or two.')
  return free < GB ? note(what, 'Tests will be slow below 1 GB: close what you do not need.') : fine(what)
}

function disk(): Examined {
  const { bavail, bsize } = statfsSync(root)
  const what = `${inGb(bavail * bsize)} of disk free`
  return bavail * bsize < GB / 4
    ? bad(what, 'Make room for a quarter of a GB, for node_modules and what the tests write.')
    : fine(what)
}

function writing(): Examined {
  try {
    for (const folder of ['exercises', 'node_modules'])
      if (existsSync(join(root, folder))) rmdirSync(mkdtempSync(join(root, folder, '.doctor-')))
    return fine('Files here can be written')
  } catch (error) {
    return bad(
      `Files here cannot be written: ${(error as Error).message}`,
      'Clone to a folder of your own, or give yourself the right to write here.',
    )
  }
}

/** Whether node_modules is what the lock file says; what is optional may be missing, as it is for another platform. */
function install(): Examined {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version?: string; optional?: boolean; devOptional?: boolean }>
  }
  const wrong = Object.entries(packages).filter(([path, { version, optional, devOptional }]) => {
    const file = join(root, path, 'package.json')
    if (path === '') return false
    if (!existsSync(file)) return !optional && !devOptional
    return JSON.parse(readFileSync(file, 'utf8')).version !== version
  })
  if (wrong.length === 0) return fine('The dependencies are those of the lock file')
  const names = wrong.slice(0, 3).map(([path]) => path.replace('node_modules/', ''))
  const { NODE_ENV, npm_config_omit: omitted } = process.env
  const lacksDev = NODE_ENV === 'production' || omitted?.includes('dev')
  return bad(
    `Dependencies are missing or of another version: ${names.join(', ')}${wrong.length > 3 ? ', …' : ''}`,
    lacksDev
      ? 'npm leaves out what only development needs (NODE_ENV=production, or omit=dev in an .npmrc), and a workshop is ' +
          'development: run "npm ci --include=dev".'
      : 'Run "npm ci", which installs them afresh.',
  )
}

/** npm at times leaves out the packages for this platform (npm/cli#4828), which shows only when they are loaded. */
async function native(): Promise<Examined> {
  const fix = 'Delete node_modules and run "npm ci"; it fetches them for this platform.'
  try {
    await import('vitest/node')
  } catch (error) {
    return bad(`Vitest does not load: ${(error as Error).message.split('\n')[0]}`, fix)
  }
  for (const [name, args] of Object.entries({
    tsx: ['--import', 'tsx', '--eval', ''],
    TypeScript: ['node_modules/typescript/bin/tsc', '--version'],
  })) {
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
    if (status !== 0)
      return bad(
        `${name} does not run: ${
          stderr
            .trim()
            .split('\n')
            .find((line) => line.includes('Error')) ?? stderr
        }`,
        fix,
      )
  }
  return fine('Vitest, TypeScript and tsx run')
}

async function loopback(): Promise<Examined> {
  const server = createServer((socket) => socket.end('hello'))
  try {
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    await once(connect(port, '127.0.0.1'), 'data', { signal: AbortSignal.timeout(2_000) })
    return fine('Programs can talk to each other on 127.0.0.1')
  } catch (error) {
    return bad(
      `No connection on 127.0.0.1: ${(error as Error).message}`,
      'A firewall or a VPN may be in the way: allow Node local connections, or switch it off for the day.',
    )
  } finally {
    server.close()
  }
}

async function ports(): Promise<Examined> {
  const taken: number[] = []
  for (const port of [PARCEL_PORT, UI_PORT]) if (!(await isFree(port))) taken.push(port)
  if (taken.length === 0) return fine(`Ports ${PARCEL_PORT} and ${UI_PORT} are free`)
  return note(
    `Port ${taken.join(' and port ')} is taken, perhaps by another terminal of yours`,
    '"npm start" takes another one by itself and tells which; "npm run ui" wants to be told: -- --api.port 51205',
  )
}

/** By trying it: on a network drive, or on Windows' side of WSL, nobody hears of a saved file. */
async function watching(): Promise<Examined> {
  const folder = mkdtempSync(join(root, 'exercises', '.doctor-'))
  const watcher = watch(folder)
  try {
    const seen = once(watcher, 'change', { signal: AbortSignal.timeout(2_000) })
    writeFileSync(join(folder, 'saved.txt'), '')
    await seen
    return fine('Saved files are noticed')
  } catch (error) {
    return note(
      `Saved files are not noticed: ${(error as Error).message}`,
      'Clone to a local disk (in WSL: to Linux\'s own file system), or set CHOKIDAR_USEPOLLING=1 for "npm run watch".',
    )
  } finally {
    watcher.close()
    rmSync(folder, { recursive: true })
  }
}

function browser(): Examined {
  const found = findBrowser()
  if (found) return fine(`A browser: ${found}`)
  return note(
    'No Chromium, Chrome or Edge was found',
    'The pages of "npm start" and "npm run ui" open in any browser; only "npm run test:browser" and "npm run slides:pdf" ' +
      'need one of these. If it is in an unusual place, set CHROME_PATH.',
  )
}

function proxies(): Examined {
  const { env } = process
  // Not HTTP_PROXY, which curl ignores; Windows knows no difference.
  const set = ['http_proxy', 'all_proxy', 'ALL_PROXY'].filter((name) => env[name])
  // Node asks a proxy only when told to.
  const isNodes = env.NODE_USE_ENV_PROXY === '1' && (env.HTTP_PROXY || env.http_proxy)
  if (isNodes) set.push('NODE_USE_ENV_PROXY')
  const spared = (env.no_proxy ?? env.NO_PROXY ?? '').split(',').map((host) => host.trim())
  if (set.length === 0) return fine('No proxy between you and yourself')
  if (spared.includes('*') || spared.includes('127.0.0.1'))
    return fine(`A proxy (${set.join(', ')}), and 127.0.0.1 does without`)
  return note(
    `${set.join(' and ')} is set: ${isNodes ? 'curl and Node' : 'curl'} would ask the proxy for 127.0.0.1`,
    'Set NO_PROXY=127.0.0.1,localhost in this terminal; the commands of this workshop do so for themselves.',
  )
}

function place(): Examined {
  if (/[#?%]/.test(root))
    return bad(
      `The folder's path has a #, ? or % in it: ${root}`,
      'Vite takes those for parts of a URL: move the folder.',
    )
  if (/microsoft/i.test(release()) && root.startsWith('/mnt/'))
    return note(
      'The folder is on the Windows side of WSL',
      "Everything is slow there, and saved files go unnoticed: clone into Linux's own file system.",
    )
  return fine('The folder is in a good place')
}
