/**
 * Another shape: the date taken apart by hand, no Date.parse.
 * Replaces: retry-after.ts
 */
import { causesOf, CircuitOpenError, ResponseError } from '../../../shared/core/errors.ts'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const TIME = String.raw`(?<h>\d\d):(?<m>\d\d):(?<s>\d\d)`
const FORMS = [
  String.raw`^\w{3}, (?<day>\d\d) (?<month>\w{3}) (?<year>\d{4}) ${TIME} GMT$`,
  String.raw`^\w{6,9}, (?<day>\d\d)-(?<month>\w{3})-(?<year>\d\d) ${TIME} GMT$`,
  String.raw`^\w{3} (?<month>\w{3}) (?<day>[ \d]\d) ${TIME} (?<year>\d{4})$`,
].map((form) => new RegExp(form))

export function parseRetryAfter(header: string | string[] | undefined): number | undefined {
  const text = String(header ?? '')
  const seconds = Number.parseInt(text, 10)
  if (String(seconds) === text && seconds >= 0) return seconds * 1000
  for (const form of FORMS) {
    const { day, month = '', year = '', h, m, s } = form.exec(text)?.groups ?? {}
    if (!MONTHS.includes(month)) continue
    const fullYear = Number(year.length === 2 ? `20${year}` : year)
    const at = Date.UTC(fullYear, MONTHS.indexOf(month), Number(day), Number(h), Number(m), Number(s))
    if (new Date(at).getUTCDate() !== Number(day) || Number(h) > 23) return undefined
    return at > Date.now() ? at - Date.now() : 0
  }
  return undefined
}

export function retryAfterMs(error: unknown): number {
  for (const it of causesOf(error)) {
    if (it instanceof CircuitOpenError) return Math.ceil(it.retryAfterMs)
    if (it instanceof ResponseError) return parseRetryAfter(it.headers['retry-after']) ?? 0
  }
  return 0
}
