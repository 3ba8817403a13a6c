import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { Trouble } from '../core/trouble.ts'
import { home, recall, remember } from '../manifest/home.ts'
import type { Told } from './news.ts'

/** A board that was joined. Kept beside the progress, in a folder that Git does not see. */
export interface Membership {
  /** Of the board: `http://10.0.0.5:4100`. */
  origin: string
  code: string
  /** By which the board knows this laptop again; nobody else has it, so nobody else speaks for it. */
  id: string
  /** If one was typed. */
  name?: string
  /** An ISO date. A class is over by then, and nobody has to think of leaving. */
  until: string
}

const JOINED = 'room.json'
const TOLD = 'room-told.json'
/** A class is over by then. */
export const MEMBERSHIP_MS = 14 * 3_600_000

/** Letters and digits that nobody takes for another when they are read aloud, or from the back row. */
export const ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'
export const CODE_LENGTH = 6
const ADDRESS = new RegExp(`^/([${ALPHABET}]{${CODE_LENGTH}})/?$`)

/**
 * What the front of the board and a name on it take: something that can be seen, no control characters, none that turn
 * the text around, and no tower of accents over the names above.
 */
export const NAME =
  /^(?=.*[^\p{DI}\p{M}\p{Z}])(?!.*\p{M}{5})[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]{1,24}$/u

/** @throws {Trouble} for what is no address of a board, and for a name that is none */
export function membershipFor(address: string, name: string, now = Date.now()): Membership {
  const url = URL.parse(address)
  const [, code] = ADDRESS.exec(url?.pathname.toUpperCase() ?? '') ?? []
  if (!url || !/^https?:$/.test(url.protocol) || !code)
    throw new Trouble(
      `"${address}" is no board's address: it looks like http://10.0.0.5:4100/K7QX3M, as the board shows it.`,
    )
  if (name !== '' && !NAME.test(name))
    throw new Trouble('A nickname has 24 characters at most, and all of them can be seen.')
  return {
    origin: url.origin,
    code,
    id: randomBytes(16).toString('base64url'),
    ...(name !== '' && { name }),
    until: new Date(now + MEMBERSHIP_MS).toISOString(),
  }
}

/** Undefined when none was joined, or that is long ago. */
export function readMembership(base = home): Membership | undefined {
  const membership = recall<Membership>(JOINED, base)
  return membership && Date.parse(membership.until) > Date.now() ? membership : undefined
}

export function keepMembership(membership: Membership, told: Told, base = home): void {
  keepTold(told, base)
  remember(JOINED, membership, base)
}

export function forgetMembership(base = home): void {
  for (const file of [JOINED, TOLD]) rmSync(join(base, file), { force: true })
}

export const readTold = (base = home): Told => recall<Told>(TOLD, base) ?? { chapters: {} }
export const keepTold = (told: Told, base = home): void => remember(TOLD, told, base)

/** Where on the board the laptop is, which has something to `PUT` there. */
export const pathOf = ({ code, id }: Pick<Membership, 'code' | 'id'>): string => `/${code}/people/${id}`
