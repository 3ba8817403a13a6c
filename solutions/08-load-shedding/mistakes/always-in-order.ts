/**
 * Mistake: first come, first served, also when all who came first have given up.
 * Replaces: door.ts
 * Killed by: lets the newest go first when there has been no pause for too long
 */
import { Door as Correct, type DoorOptions } from '../door.ts'

export type * from '../door.ts'

export class Door extends Correct {
  constructor(options: DoorOptions) {
    super({ ...options, newestFirstAfterMs: Infinity })
  }
}
