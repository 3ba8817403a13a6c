/** By which the deck is told from another server that has its port. */
export const DECK = 'Fail Well, the slides'

/** What the deck's server answers at `/deck.json`. */
export interface Deck {
  deck: typeof DECK
  /** The slide that each chapter begins with, by the chapter's number. */
  covers: Record<string, string>
}
