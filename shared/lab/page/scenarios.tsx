import type { Control, Scenario } from './connection.ts'

interface Props {
  scenarios: Scenario[]
  current: string | undefined
  order: (what: Control) => void
}

/** Each chapter's incident, in a click, and what to look at while it happens. */
export function Scenarios({ scenarios, current, order }: Props) {
  const chosen = scenarios.find(({ id }) => id === current)
  return (
    <nav aria-label="Incidents">
      <div>
        {scenarios.map(({ id, chapter, title }) => (
          <button key={id} aria-pressed={id === current} onClick={() => order({ scenario: id })}>
            <b>{chapter}</b> {title}
          </button>
        ))}
      </div>
      <p>
        {chosen ? (
          <>
            <b>Look:</b> {chosen.look}
          </>
        ) : (
          'Yours and the reference, under the same traffic. Choose an incident, or give a carrier a fault.'
        )}
      </p>
    </nav>
  )
}
