import { pathToFileURL } from 'node:url'
import { root } from '../manifest/target.ts'

const MAX_LINES = 8
const [asUrl, asPath] = [`${pathToFileURL(root).href}/`, `${root}/`]

/**
 * What a process has died of, from what it wrote to stderr: the place, the error, and where in our files it came from.
 * Without an error there, `otherwise`.
 */
export function tellError(stderr: string, otherwise: string): string[] {
  const lines = stderr.replaceAll(asUrl, '').replaceAll(asPath, '').split('\n')
  // The last one: warnings, and errors that were survived, come before it.
  const error = lines.findLastIndex((line) => /^(\w+ )?\w*(Error|Exception)\b|^FATAL ERROR/.test(line))
  if (error < 0) return [otherwise, ...lines.filter(isTelling).slice(-MAX_LINES / 2)]
  // Node shows the place above the error; not of interest when it is where the loader of TypeScript throws.
  const place = lines.slice(Math.max(0, error - 5), error).findLastIndex((line) => /^\S+\.[mc]?[jt]s:\d+$/.test(line))
  const from = place < 0 ? error : Math.max(0, error - 5) + place
  const isOurs = !/^node:|node_modules/.test(lines[from]!)
  return lines
    .slice(isOurs ? from : error)
    .filter(isTelling)
    .slice(0, MAX_LINES)
}

/** Not the stack of others, the error's own fields, or Node's advice. */
const isTelling = (line: string) =>
  line.trim() !== '' &&
  !/^Node\.js v|^\(Use `node|^\s+at .*(node:|node_modules)|^ {2}\w+: |^[\]}]|^---|^ *\d+: 0x|^<---/.test(line)
