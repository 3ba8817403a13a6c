/** What is asked, by the names of its parts. */
export type Question = Record<string, string | number>

/**
 * The question as it is asked and kept: texts in Unicode's normal form C, without blanks around them and with one space for
 * any white space in between. Nothing that might mean something else is touched; upper and lower case are two places.
 */
export function normalise<Q extends Question>(question: Q): Q {
  const texts = Object.entries(question).map(([name, value]) => [
    name,
    typeof value === 'string' ? plain(value) : value,
  ])
  return Object.fromEntries(texts) as Q
}

/** `\s` is all white space of Unicode, as is what `trim` takes away. */
const plain = (text: string) => text.normalize('NFC').trim().replace(/\s+/g, ' ')

/**
 * One key for the same parts, whatever the order of a question's members, and another one for any others: JSON, for what is
 * joined by any sign may have that sign in it.
 */
export function keyOf(...parts: (string | number | Question)[]): string {
  return JSON.stringify(parts.map((part) => (typeof part === 'object' ? membersOf(part) : part)))
}

const membersOf = (question: Question) => Object.entries(question).toSorted(([a], [b]) => (a < b ? -1 : 1))
