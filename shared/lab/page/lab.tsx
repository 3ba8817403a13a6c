import { useEffect, useState } from 'preact/hooks'
import { Announcer } from './announcer.tsx'
import { Between, Carriers } from './carriers.tsx'
import { Chapters } from './chapters.tsx'
import { Charts } from './charts.tsx'
import { control, type Control, dayAsked, getJson, type Incident, useStates } from './connection.ts'
import { Incidents } from './incidents.tsx'
import { Keys } from './keys.tsx'
import { Figures, Heading } from './parcel.tsx'
import { Slides } from './slides.tsx'
import { Spotlight } from './spotlight.tsx'
import { Traffic } from './traffic.tsx'

export function Lab() {
  const { states, connected } = useStates()
  const [incidents, setIncidents] = useState<Incident[]>([])
  const [problem, setProblem] = useState('')
  const [dayShown, setDay] = useState<number>(dayAsked)
  /** Whether to see everything, also during an incident. */
  const [isWhole, setWhole] = useState(false)
  const order = (what: Control) => {
    if ('incident' in what) setWhole(false)
    void control(what).then(
      () => setProblem(''),
      ({ message }) => setProblem(message),
    )
  }
  useEffect(() => {
    if (connected) void getJson<Incident[]>('/incidents').then(setIncidents, ({ message }) => setProblem(message))
  }, [connected])

  const state = states.at(-1)
  // Whatever is played, by whom ever, is among what is shown.
  const played = incidents.find(({ id }) => id === state?.spotlight?.id)
  useEffect(() => played && setDay(played.day), [played])
  if (!state) return <p class="splash">{connected ? 'The Lab is starting …' : 'Waiting for the Lab …'}</p>
  const { spotlight, chapters } = state
  const days = [...new Set(chapters.map(({ day }) => day))]
  const day = days.find((each) => each === dayShown) ?? days[0]
  const ofDay = incidents.filter((incident) => incident.day === day)
  const turn = () => setDay(days[(days.indexOf(day!) + 1) % days.length]!)
  const warnings = [
    connected ? '' : 'Connection lost: what you see is old. Is “npm start” still running? Trying again …',
    state.traffic.saturated ? 'This machine is saturated: the figures are about it, not about the code.' : '',
    problem,
  ].filter(Boolean)
  return (
    <main class={connected ? '' : 'stale'}>
      <header>
        <h1>
          Fail Well <span>the Lab</span>
        </h1>
        <Traffic traffic={state.traffic} order={order} />
        <button title="Keyboard: r" onClick={() => order({ restart: true })}>
          Rolling restart
        </button>
        <button title="Keyboard: 0" onClick={() => order({ healthy: true })}>
          Reset to healthy
        </button>
        <Slides />
        <Keys state={state} incidents={ofDay} order={order} show={setWhole} turn={turn} />
      </header>
      <Incidents incidents={ofDay} spotlight={spotlight} warnings={warnings} order={order}>
        {days.length > 1 && (
          <button class="day" title="The next day’s chapters (keyboard: n)" onClick={turn}>
            Day {day}
          </button>
        )}
      </Incidents>
      {spotlight && !isWhole ? (
        <Spotlight states={states} />
      ) : (
        <div class="arena">
          {(['yours', 'reference'] as const).map((side) => (
            <section key={side} class={`column ${side}`} aria-label={side === 'yours' ? 'Yours' : 'Reference'}>
              <Heading side={side} state={state} />
              <Figures side={side} states={states} />
              <Charts side={side} states={states} />
              <Carriers side={side} column={state.columns[side]} lit={spotlight} />
            </section>
          ))}
          <Between state={state} order={order} />
        </div>
      )}
      <Chapters cards={chapters.filter((card) => card.day === day)} />
      <Announcer states={states} connected={connected} />
    </main>
  )
}
