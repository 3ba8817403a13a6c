import { useEffect, useState } from 'preact/hooks'
import type { Day } from '../../manifest/chapters.ts'
import type { FaultKind } from '../../carriers/faults.ts'
import type { CarrierName } from '../../carriers/tariffs.ts'
import type { LabState } from '../state.ts'
import { remember } from './history.ts'

/** What `POST /control` takes, one at a time. */
export type Control =
  | { perSecond: number }
  | { paused: boolean }
  | { seed: number }
  | { fault: { carrier: CarrierName; kind: FaultKind | null } }
  | { restart: true }
  | { incident: string }
  | { allMine: boolean }
  | { healthy: true }

export interface Incident {
  id: string
  chapter: string
  title: string
  day: Day
  /** While its day is shown. */
  key: string
}

const { searchParams: asked } = new URL(location.href)

/** Whose chapters somebody wants to see, by the page's address. */
export const dayAsked = Number(asked.get('day'))

/** Came with the address, if the Lab wants one; a projector need not show it any longer. */
const token = asked.get('token') ?? sessionStorage.getItem('token')
if (token) {
  sessionStorage.setItem('token', token)
  history.replaceState(null, '', dayAsked ? `?day=${dayAsked}` : location.pathname)
}

/** @throws {Error} with a sentence for people: what the Lab objected to, or that it is not there. */
export async function control(order: Control): Promise<void> {
  const response = await fetch('/control', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(order),
  }).catch(() => {
    throw new Error('The Lab did not answer. Is "npm start" still running?')
  })
  if (response.ok) return
  const problem = await response.json().catch(() => ({}))
  throw new Error(`The Lab refused: ${problem.detail ?? problem.title ?? `status ${response.status}`}`)
}

export async function getJson<T>(path: string): Promise<T> {
  const response = await fetch(path)
  if (!response.ok) throw new Error(`${path}: status ${response.status}`)
  return response.json()
}

/** The states of the last while, the newest last; `connected` turns false as soon as the Lab is gone or silent. */
export function useStates(): { states: LabState[]; connected: boolean } {
  const [states, setStates] = useState<LabState[]>([])
  const [connected, setConnected] = useState(true)
  useEffect(() => {
    let source: EventSource
    let silence: ReturnType<typeof setTimeout>
    const listen = () => {
      source = new EventSource('/state')
      // What was before we came, or while we were away.
      source.addEventListener('history', ({ data }) => setStates(JSON.parse(data)))
      source.addEventListener('message', ({ data }) => {
        setConnected(true)
        setStates((before) => remember(before, JSON.parse(data)))
        expectMore()
      })
      // A browser gives up after some errors (a 500, for one): we do not, and ask anew when it has been silent.
      source.addEventListener('error', () => setConnected(false))
    }
    const expectMore = () => {
      clearTimeout(silence)
      silence = setTimeout(() => {
        setConnected(false)
        source.close()
        listen()
        expectMore()
      }, 5000)
    }
    listen()
    expectMore()
    return () => {
      clearTimeout(silence)
      source.close()
    }
  }, [])
  return { states, connected }
}
