import { useEffect, useState } from 'preact/hooks'
import type { Side } from '../../stage/column.ts'
import type { LabState } from '../state.ts'

/** Says to a screen reader what changes, and not each second's numbers. */
export function Announcer({ states, connected }: { states: LabState[]; connected: boolean }) {
  const [sentence, setSentence] = useState('')
  useEffect(() => {
    const [before, now] = states.slice(-2)
    const changes = before && now ? changesBetween(before, now) : []
    if (changes.length > 0) setSentence(changes.join('. '))
  }, [states])
  return (
    <p role="status" class="unseen">
      {connected ? sentence : ''}
    </p>
  )
}

const SIDES: [Side, string][] = [
  ['yours', 'Yours'],
  ['reference', 'Reference'],
]

/** As in `Reference: pigeon's breakers are open, open`. */
export function changesBetween(before: LabState, now: LabState): string[] {
  const { spotlight } = now
  const begins =
    spotlight?.isOn && before.spotlight?.isOn !== true ? [`${spotlight.chapter} ${spotlight.title} begins`] : []
  const ofSides = SIDES.flatMap(([side, name]) => {
    const [was, is] = [before.columns[side], now.columns[side]]
    const changes: string[] = []
    if (was.parcel.status !== is.parcel.status) changes.push(`${name}: Parcel is ${is.parcel.status}`)
    for (const [index, { name: carrier, breakers }] of is.carriers.entries()) {
      const states = breakers.join(', ')
      if (was.carriers[index]?.breakers.join(', ') !== states)
        changes.push(`${name}: ${carrier}’s breakers are ${states}`)
    }
    if (was.restart?.running && is.restart && !is.restart.running)
      changes.push(`${name}: restarted, ${is.restart.failed} of ${is.restart.requests} requests failed`)
    return changes
  })
  return [...begins, ...ofSides]
}
