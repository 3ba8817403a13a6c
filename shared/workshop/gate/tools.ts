import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { npm } from '../npm.mjs'
import { root } from '../../manifest/target.ts'
import { Trouble } from '../../core/trouble.ts'
import type { Finding, Findings } from '../../manifest/findings.ts'

/** The maintainers' tools, apart from the attendees' node_modules; they are fetched when first needed. */
const tools = join(root, 'shared/maintainers')

export const ensureTools = (): void => ensure(tools, '51 MB')

/** Apart from the others, as it weighs more than all of them, and the gate need not wait for it. */
export const ensureStryker = (): void => ensure(join(tools, 'mutation'), '64 MB')

/** Reveal.js and what else only presenters need. */
export const ensureSlides = (): void => ensure(join(tools, 'slides'), '32 MB')

/**
 * On stage nothing is fetched: a network that is not there is waited for, and nobody is told.
 *
 * @throws Trouble at once, when it has not been fetched before
 */
export const needSlides = (): void => need(join(tools, 'slides'), 'The slides need')
export const needPrinter = (): void => need(tools, 'To print them needs')

function need(folder: string, who: string): void {
  if (isMissing(folder))
    throw new Trouble(
      `${who} packages that attendees do not install. Run this while there is a network: npm run doctor -- --instructor`,
    )
}

/** Of the versions that it names. */
function isMissing(folder: string): boolean {
  const read = (file: string) => JSON.parse(readFileSync(join(folder, file), 'utf8'))
  return Object.entries(read('package.json').devDependencies).some(([name, version]) => {
    const file = `node_modules/${name}/package.json`
    return !existsSync(join(folder, file)) || read(file).version !== version
  })
}

function ensure(folder: string, size: string): void {
  if (!isMissing(folder)) return
  console.log(`Fetching what only maintainers need, once (${size}, into ${relative(root, folder)}).`)
  try {
    // Who has no network is told soon; npm would wait a minute before it tries a second time.
    npm(['ci', '--prefix', folder, '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000'])
  } catch {
    throw new Trouble('They could not be fetched; npm says why. When that is mended, run this again.')
  }
}

/** Runs a tool's JavaScript entry on Node; when it objects, each line that `read` understands is a finding. */
function tool(entry: string, args: string[], read: (line: string) => Finding | undefined, findings: Findings): void {
  try {
    execFileSync(process.execPath, [entry, ...args], { cwd: root, encoding: 'utf8', stdio: 'pipe', maxBuffer: 2 ** 26 })
    findings.check(true, entry, '')
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    const found = stdout.split(/\r?\n/).flatMap((line) => read(line) ?? [])
    if (found.length === 0)
      found.push({ file: relative(root, entry), fix: `did not run: ${(stderr || stdout).trim()}` })
    for (const { file, fix } of found) findings.check(false, file.replaceAll('\\', '/'), fix)
  }
}

/** Once as the attendee's code sees it, once as the solutions do, and once as a browser sees each of our pages. */
export function checkTypes(findings: Findings): void {
  const read = (line: string) => {
    const [, file, at, fix] = /^(.+?)\((\d+),\d+\): error (.+)$/.exec(line) ?? []
    return file ? { file: `${file}:${at}`, fix: fix! } : undefined
  }
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const programs = [['.'], ['.', '--customConditions', 'solution'], ['shared/lab/page'], ['slides/page']]
  for (const program of programs) tool(tsc, ['--pretty', 'false', '-p', ...program], read, findings)
}

/** The linter's rules and the formatter's, in the folders given. */
export function checkStyle(folders: string[], findings: Findings): void {
  const lint = (line: string) => {
    const [, file, fix] = /^(.+?:\d+):\d+: (.+)$/.exec(line) ?? []
    return file ? { file, fix: fix! } : undefined
  }
  tool(join(tools, 'node_modules/oxlint/bin/oxlint'), ['--format=unix', ...folders], lint, findings)
  const unformatted = (line: string) =>
    line ? { file: line, fix: 'is not formatted: run "npm run format"' } : undefined
  tool(join(tools, 'node_modules/oxfmt/bin/oxfmt'), ['--list-different', ...folders], unformatted, findings)
}

export function format(paths: string[]): void {
  ensureTools()
  const oxfmt = join(tools, 'node_modules/oxfmt/bin/oxfmt')
  process.exitCode = spawnSync(process.execPath, [oxfmt, ...paths], { cwd: root, stdio: 'inherit' }).status ?? 1
}
