/**
 * A key is written as a form is sent, and what is not a text is marked.
 * Replaces: key.ts
 */
import type { Question } from '../key.ts'

export { normalise, type Question } from '../key.ts'

export function keyOf(...parts: (string | number | Question)[]): string {
  return parts.map(textOf).join('&')
}

function textOf(part: string | number | Question): string {
  if (typeof part !== 'object') return `${typeof part}:${encodeURIComponent(part)}`
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(part)) params.append(`${name}:${typeof value}`, String(value))
  params.sort()
  return `(${params})`
}
