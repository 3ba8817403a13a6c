import { randomInt } from 'node:crypto'
import { home, recall, remember } from '../manifest/home.ts'
import type { Exercise } from './exercise.ts'
import { ALPHABET, CODE_LENGTH } from './membership.ts'

/** What a board that begins anew must still know, or the room would have to join again: nothing of anybody. */
export interface Session {
  code: string
  /** Of `Date.now()`. */
  begunAt: number
  exercise?: Exercise
}

const FILE = 'room-session.json'
/** Tomorrow's class has a code of its own. */
const LASTS_MS = 14 * 3_600_000

/** By chance that nobody can foresee: there are a thousand million. */
export const newCode = (): string =>
  Array.from({ length: CODE_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]!).join('')

/** The one of this morning, or a new one, which is kept when the room is open: who finds it open has changed nothing. */
export function openSession(isNew: boolean, now = Date.now(), base = home): Session {
  const kept = isNew ? undefined : recall<Session>(FILE, base)
  return kept && now - kept.begunAt < LASTS_MS ? kept : { code: newCode(), begunAt: now }
}

export const keepSession = (session: Session, base = home): void => remember(FILE, session, base)
