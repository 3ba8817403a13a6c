/** What a mistake or a variant says of itself, in the comment or the lines that it begins with; '' for what it does not. */
export interface Header {
  /** What somebody did wrong; of a mistake. */
  mistake: string
  /** The file of the solution whose place it takes, or what is changed in that. */
  replaces: string
  /** The name of the test that must catch a mistake. */
  killedBy: string
}

/** Whether a stand-in is a diff, and not a module of its own. */
export const isDiff = (file: string): boolean => file.endsWith('.diff')

export function headerOf(file: string, text: string): Header {
  const [header = ''] = (isDiff(file) ? /^.*?(?=^@@)/ms : /^\/\*.*?\*\//s).exec(text) ?? []
  const field = (label: string) => new RegExp(`^[ /*]*${label}: *(.+?)[ */]*$`, 'm').exec(header)?.[1] ?? ''
  return { mistake: field('Mistake'), replaces: field('Replaces'), killedBy: field('Killed by') }
}

/**
 * What becomes of `text` by a diff without line numbers, which holds when the text moves: hunks that each begin with a
 * line `@@`, of lines that begin with ` ` (stays), `-` (goes) and `+` (comes).
 *
 * @throws Error for a hunk whose lines do not stand in the text, or more than once
 */
export function applyDiff(text: string, diff: string): string {
  const [, ...hunks] = `\n${diff.trimEnd()}`.split(/\n@@.*\n/)
  let result = `\n${text}\n`
  for (const hunk of hunks) {
    const lines = hunk.split('\n')
    const without = (sign: string) => lines.filter((line) => !line.startsWith(sign)).map((line) => `\n${line.slice(1)}`)
    const before = without('+').join('')
    const [head, tail, ...more] = result.split(`${before}\n`)
    if (tail === undefined || more.length > 0) {
      const shown = before.trim().split('\n')[0]
      throw new Error(
        `its lines from "${shown?.trim()}" on stand there ${tail === undefined ? 'nowhere' : 'more than once'}`,
      )
    }
    result = `${head}${without('-').join('')}\n${tail}`
  }
  return result.slice(1, -1)
}
