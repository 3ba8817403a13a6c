/**
 * Mistake: who stands in line will be served at some time.
 * Replaces: door.ts
 * Killed by: refuses whoever has waited for long enough, and says for how long
 */
import { Door as Correct, type DoorOptions } from '../door.ts'

export type * from '../door.ts'

export class Door extends Correct {
  constructor(options: DoorOptions) {
    super({ ...options, maxWaitMs: Infinity })
  }
}
