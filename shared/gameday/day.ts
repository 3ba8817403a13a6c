import { Trouble } from '../core/trouble.ts'
import type { Incident } from '../stage/incidents/incidents.ts'
import type { Played } from '../stage/incidents/play.ts'
import { type Day, type Scored, scoreOf } from './score.ts'

/** Plays the incidents one after the other, up to the first that does not come to its end: what is known stays known. */
export async function playDay(
  incidents: Incident[],
  playOne: (incident: Incident, index: number) => Promise<Played>,
  onScored: (scored: Scored) => void,
): Promise<Day> {
  const all: Scored[] = []
  for (const [index, incident] of incidents.entries()) {
    try {
      all.push(scoreOf(await playOne(incident, index)))
    } catch (error) {
      if (!(error instanceof Trouble)) throw error
      return { all, lost: { incident, why: error } }
    }
    onScored(all.at(-1)!)
  }
  return { all }
}
