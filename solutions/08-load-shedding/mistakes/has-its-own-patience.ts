/**
 * Mistake: looks at its own limit only; the caller’s deadline may have passed long ago.
 * Replaces: door.ts
 * Killed by: begins nothing for which nobody waits any more
 */
import { Door as Correct, type Pass, type Visitor } from '../door.ts'

export type * from '../door.ts'

export class Door extends Correct {
  override enter(visitor: Visitor = {}): Promise<Pass> {
    return super.enter({ ...visitor, deadline: Infinity })
  }
}
