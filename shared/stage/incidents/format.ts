import type { Grade } from './grade.ts'
import { type Bound, type NumberName, numbers } from './lines.ts'

/** A number as one would say it. */
export function formatNumber(name: NumberName, value: number): string {
  switch (numbers[name].unit) {
    case 'share':
      return `${(value * 100).toFixed(1)} %`
    case 'ms':
      return value < 1000 ? `${value.toFixed(0)} ms` : `${(value / 1000).toFixed(1)} s`
    case 'times':
      return `${value.toFixed(2)} ×`
    case 'count':
      return String(value)
    case 's':
      return value === Infinity ? 'not seen' : `${value} s`
  }
}

export const formatLine = (name: NumberName, bound: Bound): string =>
  'atLeast' in bound ? `≥ ${formatNumber(name, bound.atLeast)}` : `≤ ${formatNumber(name, bound.atMost)}`

/** By sign, too: colour alone tells not everybody. */
export const formatGrade = ({ name, value, holds }: Grade): string =>
  `${holds ? '✓' : '✗'} ${formatNumber(name, value)}`
