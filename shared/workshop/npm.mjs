import { execFileSync, execSync } from 'node:child_process'

/**
 * Runs the npm that runs us; throws when it fails. It prints its errors and, unless `options` say so, nothing else.
 * @param {string[]} args
 * @param {import('node:child_process').ExecFileSyncOptions} [options]
 */
export function npm(args, options) {
  const cli = process.env.npm_execpath || ''
  const all = [...args, '--loglevel=error']
  const quiet = { stdio: ['ignore', 'ignore', 'inherit'], ...options }
  // By its path where there is one, and by its name where that is a program: no shell, which would read a `$` in a path.
  if (cli.endsWith('npm-cli.js')) execFileSync(process.execPath, [cli, ...all], quiet)
  else if (process.platform !== 'win32') execFileSync('npm', all, quiet)
  // On Windows `npm` is a .cmd, which only a shell starts; cmd reads nothing in quotes but a %.
  else execSync(['npm', ...all.map((arg) => `"${arg}"`)].join(' '), quiet)
}
