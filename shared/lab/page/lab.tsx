import { useEffect, useState } from 'preact/hooks'
import { Announcer } from './announcer.tsx'
import { Between, Carriers } from './carriers.tsx'
import { Chapters } from './chapters.tsx'
import { Charts } from './charts.tsx'
import { control, type Control, getJson, type Scenario, useStates } from './connection.ts'
import { Keys } from './keys.tsx'
import { Figures, Heading } from './parcel.tsx'
import { Scenarios } from './scenarios.tsx'
import { Slides } from './slides.tsx'
import { Traffic } from './traffic.tsx'

export function Lab() {
  const { states, connected } = useStates()
  const [scenarios, setScenarios] = useState<Scenario[]>([])
  const [problem, setProblem] = useState('')
  const order = (what: Control) =>
    void control(what).then(
      () => setProblem(''),
      ({ message }) => setProblem(message),
    )
  useEffect(() => {
    if (connected) void getJson<Scenario[]>('/scenarios').then(setScenarios, ({ message }) => setProblem(message))
  }, [connected])

  const state = states.at(-1)
  if (!state) return <p class="splash">{connected ? 'The Lab is starting …' : 'Waiting for the Lab …'}</p>
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
        <Keys state={state} scenarios={scenarios} order={order} />
      </header>
      <Scenarios scenarios={scenarios} current={state.scenario} order={order} />
      <Warnings connected={connected} saturated={state.traffic.saturated} problem={problem} />
      <div class="arena">
        {(['yours', 'reference'] as const).map((side) => (
          <section key={side} class={`column ${side}`} aria-label={side === 'yours' ? 'Yours' : 'Reference'}>
            <Heading side={side} parcel={state.columns[side].parcel} />
            <Figures side={side} states={states} />
            <Charts side={side} states={states} />
            <Carriers side={side} column={state.columns[side]} />
          </section>
        ))}
        <Between state={state} order={order} />
      </div>
      <Chapters cards={state.chapters} />
      <Announcer states={states} connected={connected} />
    </main>
  )
}

function Warnings({ connected, saturated, problem }: { connected: boolean; saturated: boolean; problem: string }) {
  return (
    <div role="alert" class="warnings">
      {!connected && <p>Connection lost: what you see is old. Is “npm start” still running? Trying again …</p>}
      {saturated && <p>This machine is saturated: the figures are about it, not about the code.</p>}
      {problem && <p>{problem}</p>}
    </div>
  )
}
