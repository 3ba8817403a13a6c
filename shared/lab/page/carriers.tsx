import type { FaultKind } from '../../carriers/faults.ts'
import type { CarrierState, ColumnState, Side } from '../../stage/column.ts'
import type { LabState } from '../state.ts'
import { Legend } from './charts.tsx'
import type { Control } from './connection.ts'
import { useDraft } from './draft.ts'
import { counts } from './numbers.ts'
import { Breakers } from './shapes.tsx'

/** One side's view of its five carriers. A Parcel that is not there has none; what it said at last has the place. */
export function Carriers({ side, column: { parcel, carriers } }: { side: Side; column: ColumnState }) {
  if (parcel.status === 'crashed')
    return (
      <div class="crash">
        <p>{side === 'yours' ? 'Yours' : 'The reference'} ended by itself; the next save starts it again. It said:</p>
        <pre tabIndex={0}>{parcel.error.join('\n')}</pre>
      </div>
    )
  return (
    <table class="carriers">
      <colgroup>
        {['breakers', 'attempts', 'retries', 'hedges', 'in-flight', 'missing'].map((name) => (
          <col key={name} class={name} />
        ))}
      </colgroup>
      <thead>
        <tr>
          <th rowSpan={2}>breakers</th>
          <th colSpan={3}>a second</th>
          <th rowSpan={2}>in flight</th>
          <th rowSpan={2}>missing</th>
        </tr>
        <tr>
          <th>attempts</th>
          <th>retries</th>
          <th>hedges</th>
        </tr>
      </thead>
      <tbody>
        {carriers.map(({ name, fault, breakers, attempts, retries, hedges, inFlight, missing }) => (
          <tr key={name} data-carrier={name} class={fault ? 'faulty' : ''}>
            <th scope="row">
              <span class="unseen">{name}</span>
              <Breakers states={breakers} />
            </th>
            <td>{attempts}</td>
            <td>{retries}</td>
            <td>{hedges}</td>
            <td>{inFlight}</td>
            <td title={counts(missing)}>
              <span>{counts(missing)}</span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** What is the same for both: the charts' legend, the carriers' names, and what is wrong with them. */
export function Between({ state, order }: { state: LabState; order: (what: Control) => void }) {
  return (
    <section class="column between" aria-label="Both sides">
      <p class="heading">same traffic</p>
      <p class="small">figures of the last 10 s or since the last save, waiting requests included</p>
      <Legend />
      <table class="carriers">
        <thead>
          <tr>
            <th>carrier</th>
            <th>fault</th>
          </tr>
        </thead>
        <tbody>
          {state.columns.yours.carriers.map((carrier) => (
            <FaultRow key={carrier.name} carrier={carrier} order={order} />
          ))}
        </tbody>
      </table>
    </section>
  )
}

/** Every kind, in words for the list. */
const FAULTS: Record<FaultKind, string> = {
  refused: 'refused',
  blackhole: 'blackhole',
  'slow-headers': 'slow headers',
  'dripping-body': 'dripping body',
  'truncated-body': 'truncated body',
  reset: 'reset',
  'malformed-json': 'malformed JSON',
  'huge-body': 'huge body',
  '5xx': '5xx',
  '429': '429',
  'stuck-after-half-open': 'stuck after half-open',
}

function FaultRow({ carrier: { name, fault }, order }: { carrier: CarrierState; order: (what: Control) => void }) {
  const [shown, draft] = useDraft(fault ?? '')
  const choose = (value: string) => {
    draft(value as FaultKind | '')
    order({ fault: { carrier: name, kind: (value || null) as FaultKind | null } })
  }
  return (
    <tr data-carrier={name} class={fault ? 'faulty' : ''}>
      <th scope="row">
        <label for={`fault-${name}`}>{name}</label>
      </th>
      <td>
        <select
          id={`fault-${name}`}
          title={fault ?? ''}
          value={shown}
          onChange={({ currentTarget }) => choose(currentTarget.value)}
        >
          <option value="">healthy</option>
          {Object.entries(FAULTS).map(([kind, words]) => (
            <option key={kind} value={kind}>
              {words}
            </option>
          ))}
        </select>
      </td>
    </tr>
  )
}
