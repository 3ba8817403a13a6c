import { at, box, type Colour, dot, limb, line, shape } from './ink.ts'
import { type Eye, eye } from './birds.ts'

export interface Person {
  coat?: Colour
  hat?: 'bobble' | 'bun' | 'none'
  look?: Eye
  mouth?: 'flat' | 'smile' | 'frown' | 'shout'
  arms?: 'down' | 'up' | 'phone' | 'hold' | 'point'
  /** In the hand. */
  holds?: string
  nod?: number
}

const mouths = {
  flat: 'M4 24H24',
  smile: 'M0 20Q14 36 28 19',
  frown: 'M2 28Q14 16 26 28',
}

const hats = {
  bobble:
    shape('M-42 -14C-46 -66 44 -66 42 -14Z', 'failed') + box(-46, -28, 92, 18, 'cream', 9) + dot(0, -60, 13, 'cream'),
  bun:
    dot(-30, -34, 16, 'slate') +
    shape('M-40 2C-46 -56 34 -60 40 -14C18 -14 0 -22 -8 -30C-14 -14 -26 -4 -40 2Z', 'slate'),
  none: line('M-8 -40C-8 -52 4 -52 4 -40M8 -39C12 -50 22 -46 20 -36'),
}

/** Its middle is at 0,0. */
export const face = ({ hat = 'bobble', look = 'open', mouth = 'flat' }: Person = {}): string =>
  dot(0, 0, 40, 'white') +
  at(2, 3, eye(look, 'white', 10)) +
  at(27, 3, eye(look, 'white', 10)) +
  (mouth === 'shout' ? dot(14, 24, 8, 'black') : line(mouths[mouth])) +
  hats[hat]

/** Where the hands are: the far arm, the near one, and its hand. */
const gestures: Record<NonNullable<Person['arms']>, [far: string, near: string, hand: [x: number, y: number]]> = {
  down: ['', 'M8 -108C20 -84 18 -70 14 -56', [14, -52]],
  up: ['M22 -110C50 -130 56 -160 54 -186', 'M-14 -108C-46 -126 -54 -160 -52 -186', [-52, -190]],
  phone: ['', 'M-6 -104C0 -60 62 -70 48 -122', [46, -130]],
  hold: ['', 'M-2 -104C10 -76 34 -74 60 -82', [62, -84]],
  point: ['', 'M0 -106C24 -98 44 -110 70 -120', [72, -121]],
}

/** A customer, who looks to the right; the feet are at 0,0. */
export function person({ coat = 'purple', arms = 'down', holds = '', nod = 0, ...looks }: Person = {}): string {
  const [far, near, [x, y]] = gestures[arms]
  return (
    line('M-14 -20V0H2M14 -20V0H30', 'black', 12) +
    (far && limb(far, coat) + dot(54, -190, 10, 'white')) +
    shape('M-26 -118C-30 -80 -40 -40 -44 -14H44C40 -50 34 -90 26 -118Z', coat) +
    line('M2 -100V-20', 'black', 4) +
    at(0, -150, face(looks), { turn: nod }) +
    limb(near, coat) +
    at(x, y, holds) +
    dot(x, y, 10, 'white')
  )
}
