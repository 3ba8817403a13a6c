import { useEffect, useRef } from 'preact/hooks'
import UPlot from 'uplot'
import type { Side } from '../../stage/column.ts'
import type { LabState } from '../state.ts'
import { ceilingOf, seriesOf, SPAN_S } from './history.ts'
import { answersOptions, colour, latencyOptions } from './plots.ts'

/** Both sides' charts have the same scales, so that the eye may compare. */
export function Charts({ side, states }: { side: Side; states: LabState[] }) {
  const arrivals = (state: LabState) => state.columns[side].arrivals
  const latency = (state: LabState) => state.columns[side].latency
  // The failed behind the partial behind the whole: what is seen of each is its own.
  const answers = seriesOf(states, [
    (state) => arrivals(state).ok + arrivals(state).partial + arrivals(state).failed,
    (state) => arrivals(state).ok + arrivals(state).partial,
    (state) => arrivals(state).ok,
    (state) => arrivals(state).sent,
  ])
  const latencies = seriesOf(states, [
    (state) => latency(state).p50Ms || null,
    (state) => latency(state).p95Ms || null,
    (state) => latency(state).p99Ms || null,
  ])
  return (
    <div class="charts">
      <Chart title="Answers a second" data={answers} top={ceilingOf(states)} options={answersOptions} />
      <Chart title="Latency" data={latencies} top={20_000} options={latencyOptions} />
    </div>
  )
}

interface Props {
  title: string
  data: UPlot.AlignedData
  top: number
  options: (rem: number, top: () => number) => Pick<UPlot.Options, 'scales' | 'axes' | 'series'>
}

function Chart(props: Props) {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<UPlot>(undefined)
  const latest = useRef(props)
  latest.current = props
  useEffect(() => {
    const element = box.current!
    const build = () => {
      plot.current?.destroy()
      const { clientWidth: width, clientHeight: height } = element
      const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
      const { scales, axes = [], series } = latest.current.options(rem, () => latest.current.top)
      const font = `${rem * 0.875}px system-ui, sans-serif`
      const line = { stroke: colour('--line'), width: 1 }
      const now = (self: UPlot) => self.data[0].at(-1) ?? 0
      const time: UPlot.Axis = {
        size: rem * 1.5,
        gap: 2,
        splits: (self) => [-60, -30, 0].map((ago) => now(self) + ago),
        values: () => ['−60 s', '−30 s', ''],
      }
      plot.current = new UPlot(
        {
          width,
          height,
          padding: [rem * 0.5, 4, 0, 0],
          legend: { show: false },
          cursor: { show: false },
          scales: { x: { time: false, range: (self) => [now(self) - SPAN_S, now(self)] }, ...scales },
          axes: [time, ...axes].map((axis) => ({
            font,
            stroke: colour('--ink'),
            grid: line,
            ticks: { show: false },
            ...axis,
          })),
          series,
        },
        latest.current.data,
        element,
      )
    }
    // It is called at once, too. Fonts and sizes are drawn, so everything is drawn anew.
    const resized = new ResizeObserver(build)
    resized.observe(element)
    const scheme = matchMedia('(prefers-color-scheme: dark)')
    scheme.addEventListener('change', build)
    return () => {
      resized.disconnect()
      scheme.removeEventListener('change', build)
      plot.current?.destroy()
    }
  }, [])
  useEffect(() => plot.current?.setData(props.data))
  return (
    <figure>
      <figcaption>{props.title}</figcaption>
      <div ref={box} class="chart" role="img" aria-label={`${props.title}, the last ${SPAN_S} seconds`} />
    </figure>
  )
}

/** For both sides. */
export function Legend() {
  return (
    <ul class="legend" aria-label="Legend of the charts">
      <li class="failed">failed</li>
      <li class="partial">partial: some carriers</li>
      <li class="ok">ok: all carriers</li>
      <li class="sent">sent</li>
      <li class="p99">p99</li>
      <li class="p95">p95</li>
      <li class="p50">p50</li>
    </ul>
  )
}
