import type { Spotlight } from '../state.ts'
import type { Control, Incident } from './connection.ts'

interface Props {
  incidents: Incident[]
  spotlight: Spotlight | undefined
  /** What there is to warn of: it has the place of the sentence, so that nothing moves when it comes and goes. */
  warnings: string[]
  order: (what: Control) => void
}

/** Each chapter's incident, in a click, and what is to be seen while it happens. */
export function Incidents({ incidents, spotlight, warnings, order }: Props) {
  return (
    <nav aria-label="Incidents">
      <div>
        {incidents.map(({ id, chapter, title }, index) => (
          <button
            key={id}
            title={`${title} (keyboard: ${index + 1})`}
            aria-pressed={id === spotlight?.id}
            onClick={() => order({ incident: id })}
          >
            <b>{chapter}</b> {title}
          </button>
        ))}
      </div>
      <div class="line">
        <p class={warnings.length > 0 ? 'unseen' : ''}>
          {spotlight?.look ??
            'Yours and the reference, under the same traffic. Choose an incident, or give a carrier a fault.'}
        </p>
        <div role="alert">{warnings.length > 0 && <p class="warning">{warnings.join(' ')}</p>}</div>
      </div>
    </nav>
  )
}
