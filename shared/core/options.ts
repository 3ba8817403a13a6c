import { inspect } from 'node:util'

/** What an option takes: a test for its value, and the words for the error. */
export type Rule = readonly [holds: (value: number) => boolean, takes: string]

/** How often, how many. */
export const count: Rule = [(value) => Number.isSafeInteger(value) && value >= 1, 'a whole number, 1 or more']
/** How many may wait, where nobody is a number, too. */
export const countOrNone: Rule = [(value) => Number.isSafeInteger(value) && value >= 0, 'a whole number, 0 or more']
export const countOrInfinity: Rule = [(value) => count[0](value) || value === Infinity, `${count[1]}, or Infinity`]
/** What is measured out, such as a window: it needs an end. */
export const durationMs: Rule = [(value) => value > 0 && value < Infinity, 'a finite number of milliseconds, above 0']
/** What is waited for at most; 0 is "not at all". */
export const limitMs: Rule = [(value) => value >= 0, 'milliseconds, 0 or more, or Infinity']
/** What is kept back or added, such as a margin. */
export const finiteMs: Rule = [(value) => value >= 0 && value < Infinity, 'a finite number of milliseconds, 0 or more']
export const share: Rule = [(value) => value >= 0 && value <= 1, 'a share from 0 to 1']
export const instant: Rule = [(value) => !Number.isNaN(value), 'an instant of performance.now(), or Infinity']

/**
 * Holds numbers to their rules. TypeScript does not see NaN, nor what a JSON file or an environment variable has put
 * there; and a limit that a typo turned into NaN is no limit at all, until the night on which it is needed.
 *
 * @throws RangeError that names the option, what it takes and what it got
 */
export function checkOptions<O extends Partial<Record<keyof O, unknown>>>(
  options: O,
  rules: Partial<Record<keyof O & string, Rule>>,
): void {
  // Not by Object.entries, which makes lists: this is asked with every call.
  for (const name in rules) {
    const [holds, takes] = (rules as Record<string, Rule>)[name]!
    const value: unknown = options[name as keyof O]
    if (typeof value !== 'number' || !holds(value)) {
      throw new RangeError(`${name} must be ${takes}; got ${inspect(value)}`)
    }
  }
}
