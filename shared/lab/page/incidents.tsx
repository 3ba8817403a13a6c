import type { ComponentChildren } from 'preact'
import type { Spotlight } from '../state.ts'
import type { Control, Incident } from './connection.ts'

interface Props {
  incidents: Incident[]
  spotlight: Spotlight | undefined
  /** What there is to warn of: it has the place of the sentence, so that nothing moves when it comes and goes. */
  warnings: string[]
  order: (what: Control) => void
  /** Before them. */
  children: ComponentChildren
}

/** Each chapter's incident, in a click, and what is to be seen while it happens. */
export function Incidents({ incidents, spotlight, warnings, order, children }: Props) {
  return (
    <nav aria-label="Incidents">
      <div>
        {children}
        {incidents.map(({ id, chapter, title, key }) => (
          <button
            key={id}
            title={`${title} (keyboard: ${key})`}
            aria-pressed={id === spotlight?.id}
            onClick={() => order({ incident: id })}
          >
            <b>{chapter}</b> {title} {/* Where the number does not say it. */}
            {Number(chapter) !== Number(key) && <kbd>{key}</kbd>}
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
