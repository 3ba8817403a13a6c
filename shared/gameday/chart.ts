import { percentileOf, type Phases, type Request } from '../stage/incidents/grade.ts'

const WIDTH = 560
const LEFT = 52
const RIGHT = 8
const HEIGHT = 150
const TOP = 18
const BOTTOM = 22
/** From the best of answers to the last of a customer's patience. */
const [LEAST_MS, MOST_MS] = [3, 12_000]
const LATENCY_TICKS = { 10: '10 ms', 100: '100 ms', 1000: '1 s', 10_000: '10 s' }

interface Second {
  atS: number
  full: number
  partial: number
  failed: number
  p50Ms: number
  p99Ms: number
}

/** By the second in which they were due. */
export function secondsOf(requests: Request[]): Second[] {
  const bySecond = Map.groupBy(requests, ({ dueS }) => Math.floor(dueS))
  return [...bySecond.keys()]
    .toSorted((a, b) => a - b)
    .map((atS) => {
      const now = bySecond.get(atS)!
      const count = (wanted: Request['outcome']) => now.filter(({ outcome }) => outcome === wanted).length
      const [p50Ms, p99Ms] = [percentileOf(now, 50), percentileOf(now, 99)]
      return { atS, full: count('full'), partial: count('partial'), failed: count('failed'), p50Ms, p99Ms }
    })
}

/** Latency and outcomes over time: two inline SVGs, coloured by the classes of the report's style sheet. */
export function chartsOf(requests: Request[], phases: Phases, name: string): string {
  const seconds = secondsOf(requests)
  const toX = (atS: number) => round(LEFT + ((WIDTH - LEFT - RIGHT) * atS) / Math.max(1, phases.recovery[1]))
  const latency = ['p99Ms', 'p50Ms'] as const
  const lines = latency.map((key) => {
    const points = seconds.map((second) => `${toX(second.atS + 0.5)} ${latencyY(second[key])}`)
    return `<path class="${key}" d="M${points.join('L')}"/>`
  })
  const grid = Object.entries(LATENCY_TICKS).map(([ms, label]) => tick(latencyY(Number(ms)), label))

  const most = Math.max(1, ...seconds.map(({ full, partial, failed }) => full + partial + failed))
  const toY = (count: number) => round(HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * count) / most)
  const bars = seconds.map(({ atS, full, partial, failed }) => {
    const bar = (kind: string, from: number, count: number) =>
      count === 0 ? '' : area(kind, [toX(atS), toX(atS + 1)], [toY(from + count), toY(from)])
    return bar('full', 0, full) + bar('partial', full, partial) + bar('failed', full + partial, failed)
  })
  const frame = area('fault', [toX(phases.fault[0]), toX(phases.fault[1])], [TOP, HEIGHT - BOTTOM])
  const axis = `<text x="${LEFT}" y="${HEIGHT - 6}">0 s</text><text x="${WIDTH - RIGHT}" y="${HEIGHT - 6}" text-anchor="end">${phases.recovery[1].toFixed(0)} s</text>`
  return (
    svg(`${name}: latency, p99 above p50`, frame + grid.join('') + lines.join('') + axis) +
    svg(`${name}: answers by the second`, frame + tick(toY(most), String(most)) + bars.join('') + axis)
  )
}

const round = (px: number) => Math.round(px * 10) / 10

function latencyY(ms: number): number {
  const position = Math.log(Math.min(MOST_MS, Math.max(LEAST_MS, ms)) / LEAST_MS) / Math.log(MOST_MS / LEAST_MS)
  return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * position)
}

const tick = (y: number, label: string) =>
  `<path class="grid" d="M${LEFT} ${y}H${WIDTH - RIGHT}"/><text x="${LEFT - 6}" y="${y + 4}" text-anchor="end">${label}</text>`

const area = (kind: string, [x0, x1]: [number, number], [y0, y1]: [number, number]) =>
  `<rect class="${kind}" x="${x0}" y="${y0}" width="${round(x1 - x0)}" height="${round(y1 - y0)}"/>`

const svg = (title: string, inside: string) =>
  `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img"><title>${title}</title><text x="${LEFT}" y="12">${title}</text>${inside}</svg>`
