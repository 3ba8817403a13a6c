/**
 * Mistake: allowed is whoever finds something left, be it less than he needs, and not who takes the last of it.
 * Replaces: shared.ts
 * Killed by: asks Redis once, and says what that has decided
 */
import { SharedLimit as Right } from '../shared.ts'
import type { Decision } from '../options.ts'

export class SharedLimit extends Right {
  override async take(client: string, cost?: number): Promise<Decision> {
    const decision = await super.take(client, cost)
    return { ...decision, allowed: decision.remaining > 0 }
  }
}
