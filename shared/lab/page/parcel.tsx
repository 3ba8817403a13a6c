import type { Side } from '../../stage/column.ts'
import type { LabState } from '../state.ts'
import { recentAnswers } from './history.ts'
import { counts, milliseconds, percent } from './numbers.ts'
import { Shape } from './shapes.tsx'

/** Whose code it is, how it is, and what it takes. */
export function Heading({ side, state: { columns, alone } }: { side: Side; state: LabState }) {
  const { parcel } = columns[side]
  const yours = alone === undefined ? 'exercises/' : `${alone} in exercises/`
  return (
    <div class="heading">
      <h2>{side === 'yours' ? 'Yours' : 'Reference'}</h2>
      <code>{side === 'yours' ? yours : 'solutions/'}</code>
      <span class={`status ${parcel.status}`}>
        <Shape of={parcel.status} /> {parcel.status}
      </span>
      {parcel.status !== 'crashed' && (
        <span class="small">
          {parcel.instances} {parcel.instances === 1 ? 'process' : 'processes'}, {Math.round(parcel.memoryMb)} MB
        </span>
      )}
    </div>
  )
}

/** The numbers for the back row, and below them what they are made of. */
export function Figures({ side, states }: { side: Side; states: LabState[] }) {
  const { arrivals, latency, failures, waiting, restart } = states.at(-1)!.columns[side]
  const { answered, partial } = recentAnswers(states, side)
  return (
    <div class="figures">
      <dl>
        {/* A Parcel that refuses everybody is very fast. */}
        <Figure name={answered === 0 ? 'p99 ms, all failed' : 'p99 ms'} value={milliseconds(latency.p99Ms)} />
        <Figure name="answered %" value={percent(answered)} />
        <div class="few">
          <Figure name="p50 ms" value={milliseconds(latency.p50Ms)} />
          <Figure name="sent/s" value={String(arrivals.sent)} />
          <Figure name="waiting" value={String(waiting)} />
        </div>
        {restart && (
          <Figure
            name={restart.running ? 'restarting' : 'restarted'}
            value={String(restart.failed)}
            more={`failed of ${restart.requests}`}
          />
        )}
      </dl>
      <p class="small">
        {partial > 0 && `partial: ${percent(partial)} %. `}
        {Object.keys(failures).length > 0 && `failed: ${counts(failures)}.`}
      </p>
    </div>
  )
}

function Figure({ name, value, more }: { name: string; value: string; more?: string }) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd>
        {value}
        {more && <small>{more}</small>}
      </dd>
    </div>
  )
}
