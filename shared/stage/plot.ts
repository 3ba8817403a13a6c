/** Where a value is put, and what is written there: an axis reaches from its first tick to its last. */
export interface Axis {
  label: string
  ticks: number[]
  /** Each tick is as far from the next as that is from the one after it, in factors and not in sums. */
  log?: boolean
  format?: (value: number) => string
}

export interface Series {
  /** Stands beside its last point; empty for none. */
  label: string
  points: [x: number, y: number][]
  /** Points that follow from nothing have no line between them. */
  dots?: boolean
}

export interface Plot {
  title: string
  x: Axis
  y: Axis
  series: Series[]
  /** In the units of a drawing 1000 wide. Default: 560. */
  height?: number
}

/** Okabe and Ito's: distinct for every kind of colour vision. Without yellow, which no projector shows on white. */
const COLOURS = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#000000']
const WIDTH = 1000
const LEFT = 90
const TOP = 56
const BOTTOM = 70
const LINE_PX = 30
/** From the axis to a label, and from the label to the edge; with some for a short word of wide letters, as `opossum`. */
const MARGIN_PX = 46
/** For the labels, by the longest: the mean width of a letter of the widest usual font, DejaVu Sans, at a slide's 26 px. */
const LETTER_PX = 14.5
const INK = '#222'

const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const compact = (value: number) => value.toLocaleString('en', { maximumSignificantDigits: 3 })

/** An SVG to be read from the back row: every series is named where it ends, no legend to compare it with. */
export function plot({ title, x, y, series, height = 560 }: Plot): string {
  const right = WIDTH - MARGIN_PX - LETTER_PX * Math.max(...series.map(({ label }) => label.length))
  const bottom = height - BOTTOM
  const toX = scale(x, LEFT, right)
  const toY = scale(y, bottom, TOP)
  const text = (px: number, py: number, what: string, more = '') =>
    `<text x="${px.toFixed(1)}" y="${py.toFixed(1)}" ${more}>${escape(what)}</text>`

  const grid = [
    ...y.ticks.map((tick) => {
      const at = toY(tick)
      const label = text(LEFT - 10, at + 6, (y.format ?? compact)(tick), 'text-anchor="end"')
      return `<path d="M${LEFT} ${at.toFixed(1)}H${right.toFixed(1)}" stroke="#ddd"/>${label}`
    }),
    ...x.ticks.map((tick) => text(toX(tick), bottom + 26, (x.format ?? compact)(tick), 'text-anchor="middle"')),
    `<path d="M${LEFT} ${bottom}H${right.toFixed(1)}" stroke="${INK}"/>`,
    text((LEFT + right) / 2, height - 14, x.label, 'text-anchor="middle"'),
    text(LEFT, TOP - 12, y.label),
  ]

  const labelAt = spread(
    series.map(({ points }) => toY(points.at(-1)![1])),
    bottom,
  )
  const drawn = series.map(({ label, points, dots }, index) => {
    const colour = COLOURS[index % COLOURS.length]!
    const at = points.map(([px, py]) => [toX(px).toFixed(1), toY(py).toFixed(1)] as const)
    const line = `<path d="M${at.map((point) => point.join(' ')).join('L')}" fill="none" stroke="${colour}" stroke-width="4" stroke-linejoin="round"/>`
    const radius = points.length < 30 ? 8 : 4
    const marks = at.map(([cx, cy]) => {
      return `<circle cx="${cx}" cy="${cy}" r="${radius}" fill="${colour}" fill-opacity="0.6"/>`
    })
    const lastX = toX(points.at(-1)![0])
    const lead = `<path d="M${lastX.toFixed(1)} ${at.at(-1)![1]}L${(lastX + 14).toFixed(1)} ${labelAt[index]!.toFixed(1)}" stroke="${colour}" stroke-width="2"/>`
    const named = label && lead + text(lastX + 20, labelAt[index]! + 6, label, 'font-weight="600"')
    return (dots ? marks.join('') : line) + named
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" font-family="system-ui, sans-serif" font-size="18" fill="${INK}">`,
    `<title>${escape(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    text(WIDTH / 2, 24, title, 'text-anchor="middle" font-size="21" font-weight="600"'),
    ...grid,
    ...drawn,
    '</svg>\n',
  ].join('\n')
}

/** Plots one below the other, to be compared. */
export function stack(plots: Plot[]): string {
  const heights = plots.map(({ height = 560 }) => height)
  const total = heights.reduce((sum, height) => sum + height, 0)
  const at = heights.map((_, index) => heights.slice(0, index).reduce((sum, height) => sum + height, 0))
  const panels = plots.map((one, i) => {
    return plot(one).replace('<svg ', `<svg y="${at[i]}" width="${WIDTH}" height="${heights[i]}" `)
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${total}">\n${panels.join('')}</svg>\n`
}

function scale({ ticks, log }: Axis, from: number, to: number): (value: number) => number {
  const [least, most] = [ticks[0]!, ticks.at(-1)!]
  const position = log ? Math.log : (value: number) => value
  return (value) => from + ((to - from) * (position(value) - position(least))) / (position(most) - position(least))
}

/** Moves what is closer than a line apart, from the top down; and what has come below `lowest` by that, up again. */
function spread(heights: number[], lowest: number): number[] {
  const moved = [...heights]
  const downwards = [...heights.keys()].toSorted((a, b) => heights[a]! - heights[b]!)
  let above = -Infinity
  for (const index of downwards) above = moved[index] = Math.max(heights[index]!, above + LINE_PX)
  let below = lowest + LINE_PX
  for (const index of downwards.toReversed()) below = moved[index] = Math.min(moved[index]!, below - LINE_PX)
  return moved
}
