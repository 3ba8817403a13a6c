import { at, box, type Colour, dot, GROUND, HEIGHT, line, patch, shape, WIDTH, word } from './ink.ts'

export const letter = (fill: Colour = 'white'): string =>
  box(-34, -24, 68, 48, fill) + line('M-34 -22L0 6L34 -22') + dot(0, 4, 6, 'failed')

/** Stands on 0,0. */
export const parcel = (width = 80, height = 60, fill: Colour = 'partial'): string =>
  box(-width / 2, -height, width, height, fill) +
  patch(`M-10 -${height - 3}H10V-${height * 0.62}L0 -${height * 0.52}L-10 -${height * 0.62}Z`, 'cream') +
  line(`M${width / 2 - 26} -14h14`, 'black')

export const clock = (hours: number, minutes: number, r = 44): string => {
  const hand = (turns: number, length: number, width?: number) =>
    line(
      `M0 0L${(Math.sin(turns * 2 * Math.PI) * length).toFixed(1)} ${(-Math.cos(turns * 2 * Math.PI) * length).toFixed(1)}`,
      'black',
      width,
    )
  return (
    dot(0, 0, r, 'white') +
    line(`M0 ${6 - r}v6M0 ${r - 6}v-6M${6 - r} 0h6M${r - 6} 0h-6`) +
    hand((hours + minutes / 60) / 12, r * 0.5, 9) +
    hand(minutes / 60, r * 0.74) +
    dot(0, 0, 4, 'failed')
  )
}

export const moon = (): string => shape('M14 -44A46 46 0 1 0 44 14A36 36 0 0 1 14 -44Z', 'yellow')

export const stars = (...places: [x: number, y: number][]): string =>
  places.map(([x, y]) => patch(`M${x} ${y - 9}l3 6l6 3l-6 3l-3 6l-3 -6l-6 -3l6 -3Z`, 'yellow')).join('')

export const sun = (): string =>
  dot(0, 0, 34, 'yellow') +
  line('M0 -50v-14M0 50v14M-50 0h-14M50 0h14M-36 -36l-10 -10M36 36l10 10M-36 36l-10 10M36 -36l10 -10', 'partial', 8)

export const zzz = (colour: Colour = 'ink'): string =>
  line('M0 0h20l-20 22h20', colour) + line('M30 -34h26l-26 28h26', colour) + line('M66 -78h34l-34 36h34', colour)

/** A flame, which stands on 0,0. */
export const flame = (size = 1): string =>
  at(
    0,
    0,
    shape('M-30 0C-62 -34 -34 -64 -38 -96C-14 -86 -14 -70 -8 -62C2 -84 -2 -108 8 -130C42 -100 62 -40 30 0Z', 'failed') +
      shape('M-16 0C-30 -22 -12 -36 -6 -56C18 -38 30 -18 14 0Z', 'yellow'),
    { scale: size },
  )

/** A telephone's receiver, held at its middle; it opens to the left. */
export const receiver = (fill: Colour = 'failed'): string =>
  shape('M-26 -48C-4 -50 20 -34 20 0S-4 50 -26 48L-30 24L-8 18C-2 10 -2 -10 -8 -18L-30 -24Z', fill)

/** What somebody says; it hangs below 0,0 to the lower left. */
export const says = (text: string, width = 90, colour: Colour = 'white'): string =>
  shape(
    `M-${width / 2} -78H${width / 2}Q${width / 2 + 14} -78 ${width / 2 + 14} -64V-32Q${width / 2 + 14} -18 ${width / 2} -18H-10L-34 8L-30 -18H-${width / 2}Q-${width / 2 + 14} -18 -${width / 2 + 14} -32V-64Q-${width / 2 + 14} -78 -${width / 2} -78Z`,
    colour,
  ) + word(0, -34, text, 38)

/** As high as a counter is; from 0,0 to the right. */
export const counter = (width = 150): string =>
  box(0, -88, width, 88, 'partial') +
  box(-12, -104, width + 24, 20, 'cream') +
  line(`M${width / 3} -60V-16M${(2 * width) / 3} -60V-16`)

/** Its threshold's middle is at 0,0. */
export const door = (fill: Colour = 'ok', isOpen = false): string =>
  isOpen
    ? box(-54, -210, 108, 210, 'yellow') + shape('M54 -210L100 -190V22L54 0Z', fill) + dot(88, -84, 5, 'yellow')
    : box(-54, -210, 108, 210, fill) + box(-34, -186, 68, 64, 'sky') + dot(34, -92, 6, 'yellow')

export const sign = (text: string, fill: Colour = 'white', width = 110, size = 32, colour: Colour = 'black'): string =>
  box(-width / 2, -26, width, 52, fill) + word(0, size * 0.36, text, size, colour)

/** A barrier across a way: its post stands on 0,0, and its boom goes to the right, or up. */
export function barrier(length: number, isUp = false): string {
  const stripes = Array.from({ length: Math.floor(length / 44) }, (_, i) =>
    patch(`M${30 + i * 44} -9h20l-8 18h-20Z`, 'failed'),
  )
  const boom = box(0, -12, length, 24, 'white', 12) + stripes.join('')
  return box(-22, -120, 44, 120, 'slate') + at(0, -100, boom, { turn: isUp ? -68 : 0 }) + dot(0, -100, 9, 'yellow')
}

export const turnstile = (): string =>
  box(-24, -110, 48, 110, 'slate') +
  line('M0 -92L78 -92M0 -92L-24 -150M0 -92L-20 -24', 'black', 18) +
  line('M0 -92L78 -92M0 -92L-24 -150M0 -92L-20 -24', 'grey', 7) +
  dot(0, -92, 17, 'failed')

/** Where everybody stands. */
export const floor = (width = WIDTH): string => line(`M16 ${GROUND}H${width - 16}`, 'ink')

/** What is behind all: air down to the ground, which is solid. */
export const backdrop = (air: Colour, soil: Colour): string =>
  patch(`M0 0H${WIDTH}V${HEIGHT}H0Z`, air) + shape(`M-9 ${GROUND}H${WIDTH + 9}V${HEIGHT + 9}H-9Z`, soil)

export const motion = (colour: Colour = 'ink'): string => line('M0 0h-60M-20 26h-54M6 -28h-44', colour)

export const cup = (): string =>
  line('M34 -44c34 -2 34 36 -2 34', 'black', 10) +
  shape('M-40 -60H40L32 0H-32Z', 'white') +
  line('M-16 -76q-10 -14 0 -26t0 -26M14 -76q-10 -14 0 -26t0 -26', 'ink')

export const laptop = (): string => shape('M-70 -100H50L64 -8H-56Z', 'slate') + shape('M-60 -10H76L90 4H-50Z', 'grey')

/** Taken off, and laid down on 0,0. */
export const cap = (fill: Colour): string =>
  shape('M-38 -4C-40 -44 34 -46 38 -6C12 -12 -12 -12 -38 -4Z', fill) +
  shape('M32 -8C50 -12 64 -6 68 0H-30L-20 -8Z', 'black') +
  dot(2, -28, 7, 'yellow')

/** Letters, one on the other, from 0,0 upwards. */
export const pile = (count: number): string =>
  Array.from({ length: count }, (_, i) =>
    box(-36 + (i % 3) * 4, -18 * (i + 1), 72, 18, i % 2 ? 'cream' : 'white', 3),
  ).join('')

/** Full of letters, on two wheels. */
export const cart = (): string =>
  [-44, 0, 44].map((x) => at(x, -58, pile(9))).join('') +
  box(-88, -62, 168, 44, 'partial') +
  line('M80 -56L112 -112') +
  [-50, 42].map((x) => at(x, -14, dot(0, 0, 18, 'slate') + dot(0, 0, 6, 'grey'))).join('')

/** Open at its top, with so many letters that look out of it; it stands on 0,0. */
export const crate = (count: number): string =>
  Array.from({ length: count }, (_, i) => at(-34 + i * 34, -92 + (i % 2) * 12, letter(), { turn: -14 + 13 * i })).join(
    '',
  ) +
  box(-76, -84, 152, 84, 'partial') +
  line('M-76 -56H76M-76 -28H76', 'black')

export const coin = (): string => dot(0, 0, 18, 'yellow') + line('M0 -7v14')

export const coins = (count: number): string =>
  Array.from({ length: count }, (_, i) => box(-26 + (i % 2) * 5, -16 * (i + 1), 52, 16, 'yellow', 7)).join('')

/** On a table, which stands on the ground. */
export const phone = (rings = false): string =>
  line('M-40 -60V0M40 -60V0', 'black', 10) +
  box(-56, -72, 112, 18, 'partial') +
  shape('M-34 -72C-34 -102 -20 -108 0 -108S34 -102 34 -72Z', 'failed') +
  dot(0, -88, 9, 'cream') +
  at(0, rings ? -134 : -116, receiver(), { turn: rings ? 258 : 270 }) +
  (rings ? line('M-62 -150l-16 -12M-72 -122h-20M62 -150l16 -12M72 -122h20', 'yellow', 7) : '')

/** With somebody's head on its pillow, at 0,0 the lower left of it. */
export const bed = (head = '', cover: Colour = 'sky'): string =>
  box(-10, -130, 20, 130, 'partial') +
  box(10, -76, 330, 48, 'white', 8) +
  shape('M20 -76C20 -108 120 -108 122 -76Z', 'white') +
  at(78, -104, head) +
  shape('M112 -88C180 -140 300 -124 340 -96V-28H112Z', cover) +
  box(330, -104, 20, 104, 'partial')

/** Pulled down over a counter whose right and left ends are at 0 and the width. */
export const shutter = (width: number): string =>
  box(0, -236, width, 132, 'grey') +
  line(`M0 -204H${width}M0 -172H${width}M0 -140H${width}`) +
  box(-12, -250, width + 24, 24, 'slate')

/** An empty place, where somebody was. */
export const gone = (): string =>
  `<g stroke="var(--slate)" stroke-dasharray="1 13"><path d="M-44 -14C-40 -50 -34 -90 -26 -116H26C34 -90 40 -50 44 -14Z"/><circle cy="-150" r="38"/></g>`

/** Paper, with the same line again and again; its lower edge is on 0,0. */
export const printout = (width: number, lines: number): string =>
  box(0, -lines * 22 - 20, width, lines * 22 + 20, 'white') +
  line(
    Array.from({ length: lines }, (_, i) => `M16 ${-22 * (i + 1)}h18M48 ${-22 * (i + 1)}h${width - 66}`).join(''),
    'failed',
    5,
  )
