import type { TrafficState } from '../state.ts'
import type { Control } from './connection.ts'
import { useDraft } from './draft.ts'

/** What both sides get. */
export function Traffic({ traffic, order }: { traffic: TrafficState; order: (what: Control) => void }) {
  const [perSecond, draftRate] = useDraft(traffic.perSecond)
  const [seed, draftSeed] = useDraft(String(traffic.seed))
  return (
    <fieldset>
      <legend class="unseen">Traffic, the same for both sides</legend>
      <label>
        Traffic
        <input
          type="range"
          min="1"
          max="200"
          value={perSecond}
          aria-valuetext={`${perSecond} requests a second`}
          onInput={({ currentTarget }) => draftRate(Number(currentTarget.value))}
          onChange={({ currentTarget }) => order({ perSecond: Number(currentTarget.value) })}
        />
        <output>{perSecond}/s</output>
      </label>
      <label>
        Seed
        <input
          type="number"
          min="0"
          value={seed}
          onInput={({ currentTarget }) => draftSeed(currentTarget.value)}
          onChange={({ currentTarget }) => currentTarget.value && order({ seed: Number(currentTarget.value) })}
        />
      </label>
      <button title="Keyboard: space" onClick={() => order({ paused: !traffic.paused })}>
        {traffic.paused ? '▶ Go on' : '❚❚ Pause'}
      </button>
    </fieldset>
  )
}
