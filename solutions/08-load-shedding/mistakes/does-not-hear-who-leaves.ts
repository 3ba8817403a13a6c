/**
 * Mistake: keeps those in line who have hung up, and works for them when it is their turn.
 * Replaces: door.ts
 * Killed by: frees the place in the queue of somebody who leaves it, at once
 */
import { Door as Correct, type Pass, type Visitor } from '../door.ts'

export type * from '../door.ts'

export class Door extends Correct {
  override enter(visitor: Visitor = {}): Promise<Pass> {
    return super.enter({ ...visitor, signal: undefined as never })
  }
}
