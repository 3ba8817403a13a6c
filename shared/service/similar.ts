/** How many letters to change, add or leave out: more is another word, and not a slip. */
const SLIPS = 2
/** The shortest word of which so many may be wrong: HOME is not HOST. */
const MIN_LENGTH = 7

/** Whether somebody who wrote `written` may have meant `word`. Case does not count. */
export function isSimilar(word: string, written: string): boolean {
  const [a, b] = [word.toUpperCase(), written.toUpperCase()]
  if (a === b) return true
  return a.length >= MIN_LENGTH && Math.abs(a.length - b.length) <= SLIPS && distance(a, b) <= SLIPS
}

/** Levenshtein's, row by row: how far each beginning of `a` is from each beginning of `b`. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (let j = 0; j < b.length; j++) {
      next.push(Math.min(next[j]! + 1, row[j + 1]! + 1, row[j]! + (letter === b[j] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length]!
}
