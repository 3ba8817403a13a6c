/**
 * Mistake: a customer is a customer: one queue, and it is full of quotes when a booking comes.
 * Replaces: door.ts
 * Killed by: lets the most urgent go first, and has a queue for each urgency
 */
import { Door as Correct, type Pass, type Visitor } from '../door.ts'

export type * from '../door.ts'

export class Door extends Correct {
  override enter(visitor: Visitor = {}): Promise<Pass> {
    return super.enter({
      ...visitor,
      urgency: visitor.urgency === undefined || visitor.urgency in [0, 1, 2, 3, 4, 5, 6, 7] ? 3 : visitor.urgency,
    })
  }
}
