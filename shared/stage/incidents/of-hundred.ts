import type { Point } from './incidents.ts'

/** So many of a hundred: a number that says by itself whether it is good. The Lab's page asks, too, so no more is imported here. */
export const isOfHundred = ({ number }: Point): boolean =>
  ['sentAway', 'unserved', 'lacking', 'lost', 'forgotten'].includes(number)
