/**
 * Mistake: begins all for whom there is a place at once; the answers of those who are inside wait behind them.
 * Replaces: door.ts
 * Killed by: begins so many in a turn, and refuses nobody for whom there is a place
 */
import { Door as Correct, type DoorOptions } from '../door.ts'

export type * from '../door.ts'

export class Door extends Correct {
  constructor(options: DoorOptions) {
    super({ ...options, perTurn: Infinity })
  }
}
