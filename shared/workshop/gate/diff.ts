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
