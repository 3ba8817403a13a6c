/**
 * Mistake: the urgent always go first; whoever is last in line is there for ever.
 * Replaces: door.ts
 * Killed by: lets whoever has waited longest go first, now and then
 */
import { Door as Correct, type DoorOptions } from '../door.ts'

export type * from '../door.ts'

export class Door extends Correct {
  constructor(options: DoorOptions) {
    super({ ...options, fairEvery: Infinity })
  }
}
