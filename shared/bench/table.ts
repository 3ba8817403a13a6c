/** Rows as aligned lines: the first column to the left, the others to the right. Numbers lose what is beyond the point. */
export function table(rows: (string | number)[][]): string {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? cell.toFixed(0) : cell)))
  const widthOf = (column: number) => Math.max(...cells.map((row) => (row[column] ?? '').length))
  const align = (cell: string, column: number) => {
    return column === 0 ? cell.padEnd(widthOf(0)) : cell.padStart(widthOf(column))
  }
  return cells.map((row) => row.map(align).join('  ').trimEnd()).join('\n')
}

/** 0.0175 as `1.75 %`. */
export const percent = (share: number, digits = 1): string => `${(share * 100).toFixed(digits)} %`
