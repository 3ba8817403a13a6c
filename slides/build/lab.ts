import { incidents } from '../../shared/stage/incidents/incidents.ts'
import { askJson } from '../../shared/stage/ask.ts'
import { ROOM, type RoomCard } from '../../shared/stage/deck.ts'

/** How the Lab looks in each incident, for print and for when it does not run; `npm run slides -- --stills` takes them. */
export const STILLS = 'slides/stills'

/** `![what it shows](lab:dead)`, which is all that its slide holds. */
export const holdsLab = (text: string): boolean => /!\[[^\]]*\]\(lab:/.test(text)

/**
 * @param id an incident's, or `dead-solved`, which shows it with its chapter solved
 * @throws Error for an incident that the Lab does not have
 */
export function stillOf(id: string): string {
  const ids = incidents.map((incident) => incident.id)
  if (!ids.includes(id.replace(/-solved$/, '')))
    throw new Error(`shows lab:${id}: the Lab's incidents are ${ids.join(', ')}`)
  return `${STILLS}/${id}.webp`
}

/** The Lab's address, if it runs at that port and may be in a frame of this deck; else null. */
export async function findLab(port: number, deckOrigin: string): Promise<string | null> {
  const address = `http://127.0.0.1:${port}/`
  const { headers, json } = (await askJson(`${address}incidents`)) ?? {}
  const isLab = Array.isArray(json) && json[0]?.id === incidents[0]!.id
  return isLab && admits(headers, deckOrigin) ? address : null
}

/** The address of the board of a class; null where `npm run room` does not run, or has no frame for this deck. */
export async function findRoom(port: number, deckOrigin: string): Promise<string | null> {
  const address = `http://127.0.0.1:${port}`
  const { headers, json } = (await askJson(`${address}/room.json`)) ?? {}
  const isRoom = (json as Partial<RoomCard> | null | undefined)?.room === ROOM
  return isRoom && admits(headers, deckOrigin) ? `${address}/projector` : null
}

function admits(headers: Record<string, unknown> | undefined, deckOrigin: string): boolean {
  const [, admitted = ''] = /frame-ancestors ([^;]*)/.exec(String(headers?.['content-security-policy'])) ?? []
  return admitted.split(' ').includes(deckOrigin)
}
