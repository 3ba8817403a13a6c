import type { ChapterCard } from '../state.ts'

export type Breaker = 'closed' | 'open' | 'half-open'

/** A state by its shape, for whom its colour says nothing; the word stands beside it. */
const shapes = {
  closed: <circle cx="8" cy="8" r="6" />,
  open: <path d="M3 3l10 10M13 3L3 13" class="stroke" />,
  'half-open': (
    <>
      <circle cx="8" cy="8" r="5.5" class="outline" />
      <path d="M8 2.5a5.5 5.5 0 0 0 0 11z" />
    </>
  ),
  green: <path d="M2.5 8.5l3.5 4 7.5-9" class="stroke" />,
  red: <path d="M4 4l8 8M12 4l-8 8" class="stroke" />,
  unknown: <path d="M5 8h6" class="stroke" />,
  ready: <circle cx="8" cy="8" r="6" />,
  starting: <path d="M8 2a6 6 0 1 1-6 6" class="stroke" />,
  restarting: <path d="M8 2a6 6 0 1 1-6 6M2 3v5h5" class="stroke" />,
  crashed: <path d="M8 1.5l7 12.5H1zM8 6v4M8 11.5v1.2" class="outline" />,
}

export function Shape({ of }: { of: keyof typeof shapes }) {
  return (
    <svg viewBox="0 0 16 16" class={`shape ${of}`} aria-hidden="true">
      {shapes[of]}
    </svg>
  )
}

/** The replicas' breakers, those in the same state together: `●● closed`, `✕ open ● closed`. */
export function Breakers({ states }: { states: Breaker[] }) {
  if (states.length === 0) return <>–</>
  const groups = Object.entries(Object.groupBy(states, (state) => state)) as [Breaker, Breaker[]][]
  return groups.map(([state, same]) => (
    <span key={state} class={`breaker ${state}`}>
      {same.map((_, replica) => (
        <Shape key={replica} of={state} />
      ))}
      {state}
    </span>
  ))
}

export function Steps({ steps }: Pick<ChapterCard, 'steps'>) {
  return (
    <span class="steps">
      {steps.map(({ title, spare, state }, index) => (
        <span
          key={index}
          class={`step ${state} ${spare ? 'spare' : ''}`}
          title={`Step ${index + 1}: ${title}: ${state}`}
        >
          <Shape of={state} />
        </span>
      ))}
    </span>
  )
}
