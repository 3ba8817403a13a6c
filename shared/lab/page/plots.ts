import UPlot from 'uplot'

/** A colour of style.css, by its name: the canvas and the page around it agree. */
export const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

/** Stripes, so that a share is told by more than its colour; `slope` 0 is a plain area. */
function pattern(name: string, slope: -1 | 0 | 1): CanvasPattern | string {
  const side = 6 * devicePixelRatio
  const tile = new OffscreenCanvas(side, side)
  const context = tile.getContext('2d')!
  context.fillStyle = colour(name)
  context.fillRect(0, 0, side, side)
  if (slope === 0) return colour(name)
  context.strokeStyle = colour('--paper')
  context.lineWidth = side / 5
  for (const shift of [-side, 0, side]) {
    context.moveTo(shift, slope > 0 ? side : 0)
    context.lineTo(shift + side, slope > 0 ? 0 : side)
  }
  context.stroke()
  return context.createPattern(tile, 'repeat')!
}

/** What a state tells is about the second before it. */
const seconds = UPlot.paths.stepped!({ align: -1 })
const points = { show: false }
const area = (name: string, slope: -1 | 0 | 1): UPlot.Series => {
  const fill = pattern(name, slope) as string
  return { paths: seconds, fill: () => fill, width: 0, points }
}

/** The options of `Chart`: a step for each second, and a line for what was sent. */
export const answersOptions = (rem: number, top: () => number) => ({
  scales: { y: { range: (): [number, number] => [0, top()] } },
  axes: [{ size: rem * 2.25, gap: 4, space: rem * 2 }],
  series: [
    {},
    area('--failed', -1),
    area('--partial', 1),
    area('--ok', 0),
    { stroke: colour('--ink'), width: 1.5, points, paths: seconds },
  ],
})

/** A percentile each; logarithmic from a millisecond on, as the patterns are worth factors. */
export const latencyOptions = (rem: number, top: () => number) => ({
  scales: { y: { distr: 3 as const, range: (): [number, number] => [1, top()] } },
  axes: [
    {
      size: rem * 3.5,
      gap: 4,
      splits: () => [1, 10, 100, 1000, 10_000],
      values: () => ['1 ms', '10 ms', '100 ms', '1 s', '10 s'],
      filter: (_: UPlot, splits: number[]) => splits,
    },
  ],
  series: [
    {},
    { stroke: colour('--p50'), width: 1.5, points },
    { stroke: colour('--p95'), width: 2, dash: [6, 4], points },
    { stroke: colour('--p99'), width: 3.5, points },
  ],
})
