import { Trouble } from '../core/trouble.ts'
import type { Script } from '../stage/incidents/scripts.ts'
import type { Played } from '../stage/incidents/play.ts'
import { type Day, type Scored, scoreOf } from './score.ts'

/** Plays the incidents one after the other, up to the first that does not come to its end: what is known stays known. */
export async function playDay(
  scripts: Script[],
  playOne: (script: Script, index: number) => Promise<Played>,
  onScored: (scored: Scored) => void,
): Promise<Day> {
  const all: Scored[] = []
  for (const [index, script] of scripts.entries()) {
    try {
      all.push(scoreOf(await playOne(script, index)))
    } catch (error) {
      if (!(error instanceof Trouble)) throw error
      return { all, lost: { script, why: error } }
    }
    onScored(all.at(-1)!)
  }
  return { all }
}
