/**
 * Mistake: refuses nobody until the queue is full, and then everybody.
 * Replaces: door.ts
 * Killed by: refuses some early, the more the longer the queue is
 */
import { Door as Correct, type DoorOptions } from '../door.ts'

export type * from '../door.ts'

export class Door extends Correct {
  constructor(options: DoorOptions) {
    super({ ...options, earlyFrom: 1 })
  }
}
