import { incidents } from '../../shared/stage/incidents/incidents.ts'
import { askJson } from '../../shared/stage/ask.ts'

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
  const [, admitted = ''] = /frame-ancestors ([^;]*)/.exec(String(headers?.['content-security-policy'])) ?? []
  const isLab = Array.isArray(json) && json[0]?.id === incidents[0]!.id
  return isLab && admitted.split(' ').includes(deckOrigin) ? address : null
}
