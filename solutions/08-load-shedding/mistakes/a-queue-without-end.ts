/**
 * Mistake: memory is cheap, so everybody may wait.
 * Replaces: door.ts
 * Killed by: lets so many in, has a few wait, and refuses the next at once
 */
import { Door as Correct, type DoorOptions } from '../door.ts'

export type * from '../door.ts'

export class Door extends Correct {
  constructor(options: DoorOptions) {
    super({ ...options, queue: Number.MAX_SAFE_INTEGER })
  }
}
