/** By which the deck is told from another server that has its port. */
export const DECK = 'Fail Well, the slides'

/** What the deck's server answers at `/deck.json`. */
export interface Deck {
  deck: typeof DECK
  /** The slide that each chapter begins with, by the chapter's number. */
  covers: Record<string, string>
}

/** By which the board of a class is told from another server that has its port; its answer at `/room.json`. */
export const ROOM = 'Fail Well, the room'

export interface RoomCard {
  room: typeof ROOM
}
