import { useEffect, useRef } from 'preact/hooks'
import type { LabState } from '../state.ts'
import type { Control, Scenario } from './connection.ts'

interface Props {
  state: LabState
  scenarios: Scenario[]
  order: (what: Control) => void
}

/** Keys for whoever stands on a stage; `?` shows them. */
export function Keys({ state, scenarios, order }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  const actions: [key: string, name: string, what: string, action: () => void][] = [
    ...scenarios.map(({ id, title }, index): [string, string, string, () => void] => {
      const key = String(index + 1)
      return [key, key, title, () => order({ scenario: id })]
    }),
    ['0', '0', 'Reset to healthy', () => order({ healthy: true })],
    ['r', 'r', 'Rolling restart', () => order({ restart: true })],
    [' ', 'space', 'Pause the traffic, or go on', () => order({ paused: !state.traffic.paused })],
    ['?', '?', 'These keys', () => dialog.current!.showModal()],
  ]
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const { key, ctrlKey, metaKey, altKey, target } = event
      const typing = (target as Element).closest?.(
        key === ' ' ? 'input, select, button, dialog' : 'input, select, dialog',
      )
      const action = actions.find(([wanted]) => wanted === key)
      if (!action || typing || ctrlKey || metaKey || altKey || event.repeat) return
      event.preventDefault()
      action[3]()
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  })
  return (
    <>
      <button aria-label="Keyboard shortcuts" title="Keyboard: ?" onClick={() => dialog.current!.showModal()}>
        ?
      </button>
      <dialog ref={dialog} aria-labelledby="keys-title">
        <form method="dialog">
          <h2 id="keys-title">Keys</h2>
          <button>Close</button>
        </form>
        <dl class="keys">
          {actions.map(([, name, what]) => (
            <div key={name}>
              <dt>
                <kbd>{name}</kbd>
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
      </dialog>
    </>
  )
}
