import type { Side } from '../../stage/column.ts'
import { isOfHundred } from '../../stage/incidents/of-hundred.ts'
import type { LabState, Spotlight as State } from '../state.ts'
import { Carriers } from './carriers.tsx'
import { Charts } from './charts.tsx'
import { milliseconds } from './numbers.ts'

const SIDES: Side[] = ['yours', 'reference']

/** One incident for the back row: one number before and after, the row that makes the point, and a sentence. */
export function Spotlight({ states }: { states: LabState[] }) {
  const { spotlight, alone } = states.at(-1)!
  const { chapter, title, drawing, what, look, isOn, lit, point } = spotlight!
  // What has rows of its own for every carrier leaves no room for charts.
  const hasTable = lit !== undefined
  const hasCharts = !hasTable || point.carrier !== undefined
  return (
    <section class="spotlight" aria-label="Spotlight" data-on={isOn}>
      <h2>
        {chapter} {title}
      </h2>
      <p class="what">{what}</p>
      <div class="numbers">
        <Huge
          side="yours"
          {...spotlight!}
          label={alone === undefined ? 'all of it yours' : `${alone} as it is in exercises/`}
        />
        <div class="drawing">
          {drawing && <img src={`/drawings/${drawing.name}.svg`} alt={drawing.alt} />}
          <svg viewBox="0 0 100 40" class="arrow" aria-hidden="true">
            <path d="M6 20h80M68 5l20 15-20 15" class="stroke" />
          </svg>
        </div>
        <Huge side="reference" {...spotlight!} label={`${alone ?? 'all of it'} solved`} />
      </div>
      <p class="look">{look}</p>
      <div class="evidence">
        {SIDES.map((side) => (
          <div key={side}>
            {hasTable && (
              <Carriers side={side} column={states.at(-1)!.columns[side]} lit={spotlight} only={point.carrier} named />
            )}
            {hasCharts && <Charts side={side} states={states} />}
          </div>
        ))}
      </div>
    </section>
  )
}

function Huge({ side, label, numbers, point, isWorse }: State & { side: Side; label: string }) {
  return (
    <div class={`huge ${isWorse && side === 'yours' ? 'worse' : ''}`}>
      <p>{label}</p>
      <output aria-label={side === 'yours' ? 'Yours' : 'Reference'}>{huge(point, numbers[side])}</output>
    </div>
  )
}

/** Thin spaces between thousands: they are read from far away. */
function huge(point: State['point'], value: number | null): string {
  const { number } = point
  if (value === null) return '–'
  if (number === 'failed') return String(value)
  if (isOfHundred(point)) return String(Math.round(value))
  if (number === 'callsPerQuote') return value.toFixed(1)
  return milliseconds(value).replace(/\B(?=(\d{3})+$)/g, '\u2009')
}
