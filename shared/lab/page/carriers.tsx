import type { FaultKind } from '../../carriers/faults.ts'
import type { CarrierState, ColumnState, Side } from '../../stage/column.ts'
import type { CarrierName } from '../../carriers/tariffs.ts'
import type { Column } from '../../stage/incidents/incidents.ts'
import type { LabState, Spotlight } from '../state.ts'
import { Legend } from './charts.tsx'
import type { Control } from './connection.ts'
import { useDraft } from './draft.ts'
import { counts } from './numbers.ts'
import { Breakers } from './shapes.tsx'

interface Props {
  side: Side
  column: ColumnState
  /** What makes the point: a row, a column, or where they cross. */
  lit?: Pick<Spotlight, 'lit' | 'point'> | undefined
  /** The row to be shown. Default: all of them. */
  only?: CarrierName | undefined
  /** Elsewhere the names stand between the two sides. */
  named?: boolean
}

/** One side's view of its five carriers. A Parcel that is not there has none; what it said at last has the place. */
export function Carriers({ side, column: { parcel, carriers }, lit, only, named = false }: Props) {
  if (parcel.status === 'crashed')
    return (
      <div class="crash">
        <p>{side === 'yours' ? 'Yours' : 'The reference'} ended by itself; the next save starts it again. It said:</p>
        <pre tabIndex={0}>{parcel.error.join('\n')}</pre>
      </div>
    )
  const rows = carriers.filter(({ name }) => name === (only ?? name))
  const litIf = (column: Column, carrier?: CarrierName) =>
    lit?.lit === column && (carrier === undefined || (lit.point.carrier ?? carrier) === carrier) ? 'lit' : ''
  return (
    <table class={`carriers ${lit?.lit && !lit.point.carrier ? 'by-column' : ''}`}>
      <colgroup>
        {['breakers', 'attempts', 'retries', 'hedges', 'in-flight', 'missing'].map((name) => (
          <col key={name} class={name} />
        ))}
      </colgroup>
      <thead>
        <tr>
          <th rowSpan={2} class={litIf('breakers')}>
            breakers
          </th>
          <th colSpan={3}>a second</th>
          <th rowSpan={2} class={litIf('in-flight')}>
            in flight
          </th>
          <th rowSpan={2}>missing</th>
        </tr>
        <tr>
          <th class={litIf('attempts')}>attempts</th>
          <th class={litIf('retries')}>retries</th>
          <th class={litIf('hedges')}>hedges</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, fault, breakers, attempts, retries, hedges, inFlight, missing }) => (
          <tr key={name} data-carrier={name} class={fault ? 'faulty' : ''}>
            <th scope="row" class={litIf('breakers', name)}>
              <span class={named ? 'name' : 'unseen'}>{name}</span>
              <Breakers states={breakers} />
            </th>
            <td class={litIf('attempts', name)}>{attempts}</td>
            <td class={litIf('retries', name)}>{retries}</td>
            <td class={litIf('hedges', name)}>{hedges}</td>
            <td class={litIf('in-flight', name)}>{inFlight}</td>
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
          onChange={({ currentTarget }) => {
            choose(currentTarget.value)
            // Or the next key would choose another one.
            currentTarget.blur()
          }}
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
