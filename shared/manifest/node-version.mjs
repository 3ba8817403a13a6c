// Plain JavaScript, because the Node that reads it may be too old for anything else.
import { readFileSync } from 'node:fs'

const { engines } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

/** The oldest Node that will do, such as `22.19`. */
export const wanted = engines.node.replace('>=', '')

/** @param {string} version such as `24.3.0` or `v24.3.0` */
export function isTooOld(version) {
  const [major, minor] = version.replace('v', '').split('.').map(Number)
  const [wantedMajor, wantedMinor] = wanted.split('.').map(Number)
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor)
}
