/** @throws RangeError that says what `--name` takes */
export function integerOption(name: string, text: string, min: number, max: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN
  if (value >= min && value <= max) return value
  throw new RangeError(`--${name} takes a whole number from ${min} to ${max}, not "${text}"`)
}

/** Of a proof's: anything else ends it with a word. */
export function positiveOption(name: string, text: string): number {
  const number = Number(text)
  if (number > 0) return number
  console.error(`--${name} takes a number above 0, not "${text}"`)
  process.exit(1)
}
