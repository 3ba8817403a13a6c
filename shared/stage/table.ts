export type Cell = string | number

/** Numbers lose what is beyond the point. */
const asText = (rows: Cell[][]) => rows.map((row) => row.map((it) => (typeof it === 'number' ? it.toFixed(0) : it)))

/** Rows as aligned lines: the first column to the left, the others to the right. Numbers lose what is beyond the point. */
export function table(rows: Cell[][]): string {
  const cells = asText(rows)
  const widthOf = (column: number) => Math.max(...cells.map((row) => (row[column] ?? '').length))
  const align = (cell: string, column: number) => {
    return column === 0 ? cell.padEnd(widthOf(0)) : cell.padStart(widthOf(column))
  }
  return cells.map((row) => row.map(align).join('  ').trimEnd()).join('\n')
}

/** The same for a document; the first row is its head. */
export function markdownTable(rows: Cell[][]): string {
  const [head = [], ...body] = asText(rows).map((row) => row.map((cell) => cell.replaceAll('|', '\\|')))
  const rule = head.map((_, column) => (column === 0 ? '---' : '--:'))
  return [head, rule, ...body].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

/** 0.0175 as `1.75 %`. */
export const percent = (share: number, digits = 1): string => `${(share * 100).toFixed(digits)} %`
