/** Whole milliseconds always: beside 310 ms, 20 s would look like the better one. No answer yet is a dash. */
export function milliseconds(ms: number): string {
  if (!(ms > 0)) return '–'
  return ms < 0.5 ? '<1' : String(Math.round(ms))
}

/** A share as a percentage that never rounds up to all, nor down to none. */
export function percent(share: number): string {
  if (Number.isNaN(share)) return '–'
  const tenths = share > 0.5 ? Math.floor(share * 1000 + 1e-9) : Math.ceil(share * 1000 - 1e-9)
  return share === 0 || share === 1 ? String(share * 100) : (tenths / 10).toFixed(1)
}

/** As in `timeout ×12, open ×3`, most first. */
export function counts(of: Record<string, number>): string {
  const most = Object.entries(of).toSorted(([, a], [, b]) => b - a)
  return most.flatMap(([what, count]) => (count > 0 ? `${what} ×${count}` : [])).join(', ')
}
