/** Names of colours.css; those of the first row turn around in the dark, the others are the same in both. */
export type Colour =
  | ('ink' | 'paper' | 'soft' | 'dim')
  | ('black' | 'white' | 'grey' | 'slate' | 'cream')
  | ('ok' | 'partial' | 'failed' | 'sky' | 'blue' | 'yellow' | 'purple')

export type Paint = `var(--${Colour})` | 'none'
export const paint = (colour: Colour): Paint => `var(--${colour})`

/** The one weight of every line, in the units of a drawing. */
export const LINE = 6

/** Of a scene; somebody alone has a square of this height. */
export const [WIDTH, HEIGHT] = [640, 360]

/** Where everybody stands. */
export const GROUND = 312

/** A closed shape: filled, and with an outline. */
export const shape = (d: string, fill: Colour): string => `<path d="${d}" fill="${paint(fill)}"/>`

/** Filled only. */
export const patch = (d: string, fill: Colour): string => `<path d="${d}" fill="${paint(fill)}" stroke="none"/>`

export const line = (d: string, colour: Colour = 'black', width?: number): string =>
  `<path d="${d}" fill="none" stroke="${paint(colour)}"${width ? ` stroke-width="${width}"` : ''}/>`

export const dot = (x: number, y: number, r: number, fill: Colour): string =>
  `<circle cx="${x}" cy="${y}" r="${r}" fill="${paint(fill)}"/>`

export const box = (x: number, y: number, width: number, height: number, fill: Colour, rx = 4): string =>
  `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${rx}" fill="${paint(fill)}"/>`

/** A limb: a thick line in a colour, with an outline. */
export const limb = (d: string, colour: Colour, width = 14): string =>
  line(d, 'black', width + 2 * LINE) + line(d, colour, width)

/** A word or a number; the fewer, the better. */
export const word = (x: number, y: number, text: string, size = 40, colour: Colour = 'black'): string =>
  `<text x="${x}" y="${y}" font-size="${size}" fill="${paint(colour)}" stroke="none">${text}</text>`

export interface Place {
  scale?: number
  /** In degrees, clockwise. */
  turn?: number
  /** Looks to the left. */
  flip?: boolean
}

/** Puts something somewhere: its lines keep their weight. */
export function at(x: number, y: number, what: string, { scale = 1, turn = 0, flip = false }: Place = {}): string {
  const rotate = turn ? ` rotate(${turn})` : ''
  const size = scale !== 1 || flip ? ` scale(${flip ? -scale : scale} ${scale})` : ''
  const weight = scale !== 1 ? ` stroke-width="${round(LINE / scale)}"` : ''
  return `<g transform="translate(${round(x)} ${round(y)})${rotate}${size}"${weight}>${what}</g>`
}

const round = (value: number) => Math.round(value * 100) / 100
