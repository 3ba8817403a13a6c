import type { CarrierName } from '../../carriers/fleet.ts'
import { at, type Colour, dot, line, LINE, patch, shape } from './ink.ts'

/** What tells a bird from the others; it looks to the right, its feet are at 0,0. */
interface Plumage {
  cap: Colour
  /** What is behind the body, and the body. */
  body: string
  folded: string
  /** Raised, or spread in flight; the far one is the same a little aside. */
  wing: { d: string; fill: Colour }
  shoulder: [x: number, y: number]
  legs?: { x: [number, number]; top: number; colour: Colour }
  neck?: string
  head: { x: number; y: number; r: number; fill: Colour; marks?: string }
  /** From the head's centre. */
  beak: (open: boolean) => string
}

const wing = (length: number) =>
  `M-26 4C-${length * 0.5} -${length * 0.3} -${length * 0.78} -${length * 0.72} -${length * 0.7} -${length}` +
  `C-${length * 0.42} -${length * 0.98} -${length * 0.36} -${length * 0.9} -${length * 0.3} -${length * 0.84}` +
  `C-${length * 0.14} -${length * 0.86} ${length * 0.02} -${length * 0.72} ${length * 0.06} -${length * 0.58}` +
  `C${length * 0.2} -${length * 0.5} 32 -30 26 4C24 26 -20 28 -26 4Z`

const plumages: Record<CarrierName, Plumage> = {
  pigeon: {
    cap: 'failed',
    body:
      shape('M-58 -82L-140 -58L-134 -24L-46 -36Z', 'slate') +
      shape(
        'M66 -128C104 -92 88 -22 12 -20C-42 -18 -80 -42 -90 -72C-64 -100 -32 -114 0 -124C24 -132 46 -142 66 -128Z',
        'grey',
      ),
    folded:
      shape(
        'M32 -94C42 -56 0 -36 -50 -42C-74 -44 -96 -52 -116 -62C-78 -72 -54 -102 -12 -108C10 -111 28 -108 32 -94Z',
        'white',
      ) + line('M-34 -90L-14 -52M-58 -78L-42 -48', 'slate', 9),
    wing: { d: wing(110), fill: 'white' },
    shoulder: [-4, -92],
    legs: { x: [-6, 30], top: -24, colour: 'failed' },
    neck: dot(50, -126, 44, 'ok') + patch('M12 -120A41 41 0 0 0 80 -98L92 -134Z', 'purple'),
    head: { x: 60, y: -158, r: 43, fill: 'slate' },
    beak: (open) =>
      open
        ? shape('M36 -10L72 -16L38 6Z', 'partial') + shape('M36 6L66 22L30 22Z', 'partial')
        : shape('M38 -8L74 5L35 17Z', 'partial'),
  },
  albatross: {
    cap: 'blue',
    body:
      shape('M-80 -90L-150 -84L-146 -50L-60 -50Z', 'slate') +
      shape(
        'M78 -134C112 -100 96 -32 16 -30C-50 -28 -96 -50 -116 -74C-84 -102 -40 -122 2 -132C28 -138 60 -150 78 -134Z',
        'white',
      ),
    folded: shape(
      'M38 -104C48 -64 -10 -48 -70 -54C-106 -58 -146 -60 -176 -76C-120 -80 -70 -110 -18 -116C8 -119 34 -118 38 -104Z',
      'slate',
    ),
    wing: { d: wing(180), fill: 'slate' },
    shoulder: [-6, -100],
    legs: { x: [-4, 32], top: -32, colour: 'purple' },
    neck: shape('M24 -122C34 -150 28 -170 34 -200L104 -196C102 -160 108 -130 84 -104', 'white'),
    head: { x: 70, y: -198, r: 38, fill: 'white', marks: line('M0 -26L28 -19', 'black', 8) },
    beak: (open) =>
      shape('M34 -14C60 -14 84 -14 98 -8C112 0 110 18 102 24C98 14 92 8 84 8L36 8Z', 'partial') +
      (open ? shape('M34 8L86 26L28 26Z', 'partial') : shape('M36 8L86 8C84 18 60 20 30 20Z', 'partial')),
  },
  kestrel: {
    cap: 'sky',
    body:
      shape('M-34 -70L-104 -8L-82 14L-8 -34Z', 'grey') +
      line('M-92 -6L-72 8', 'black', 12) +
      shape('M56 -132C84 -96 70 -24 16 -20C-28 -20 -56 -58 -44 -102C-32 -138 30 -152 56 -132Z', 'cream') +
      line('M40 -62v6M56 -84v6M24 -44v6M50 -44v6', 'black', 7),
    folded:
      shape(
        'M22 -110C38 -70 8 -44 -30 -34C-48 -28 -66 -20 -80 -8C-78 -50 -66 -96 -34 -116C-12 -128 14 -128 22 -110Z',
        'failed',
      ) + line('M-20 -92v6M-2 -72v6M-36 -66v6M-16 -52v6', 'black', 8),
    wing: { d: wing(130), fill: 'failed' },
    shoulder: [-8, -96],
    legs: { x: [0, 30], top: -24, colour: 'yellow' },
    head: {
      x: 40,
      y: -150,
      r: 36,
      fill: 'grey',
      marks: line('M2 -24L30 -14', 'black', 8) + line('M12 12L8 30', 'black', 9),
    },
    beak: (open) =>
      shape('M31 -12C50 -14 60 0 54 18C48 10 42 8 34 8Z', 'yellow') +
      (open ? shape('M34 8L48 24L28 20Z', 'yellow') : ''),
  },
  pelican: {
    cap: 'ok',
    body:
      shape('M-76 -84L-134 -66L-126 -36L-50 -40Z', 'grey') +
      shape(
        'M70 -112C104 -84 92 -24 16 -22C-50 -20 -92 -40 -106 -70C-84 -108 -40 -124 2 -124C28 -124 50 -126 70 -112Z',
        'white',
      ),
    folded: shape(
      'M28 -92C38 -52 -10 -38 -60 -44C-88 -48 -112 -56 -130 -68C-88 -74 -60 -100 -22 -104C2 -107 24 -106 28 -92Z',
      'grey',
    ),
    wing: { d: wing(140), fill: 'grey' },
    shoulder: [-10, -92],
    legs: { x: [-4, 30], top: -26, colour: 'failed' },
    neck: shape('M22 -104C58 -126 12 -170 38 -212L86 -200C70 -160 106 -120 76 -88', 'white'),
    head: { x: 62, y: -208, r: 32, fill: 'white' },
    beak: (open) =>
      open
        ? shape('M20 14C36 76 94 92 112 58L24 2Z', 'yellow') + shape('M28 -12L136 -26C138 -12 60 0 28 8Z', 'partial')
        : shape('M22 8L136 22C120 70 60 84 14 30Z', 'yellow') + shape('M29 -10L140 14C142 26 128 26 28 12Z', 'partial'),
  },
  swift: {
    cap: 'purple',
    body: shape(
      'M64 -86C58 -128 -20 -126 -70 -104L-142 -122L-112 -92L-140 -58L-66 -78C-20 -54 50 -54 64 -86Z',
      'slate',
    ),
    folded: '',
    wing: { d: 'M-24 8C-40 -60 -84 -104 -150 -116C-84 -130 6 -90 26 6C24 20 -18 22 -24 8Z', fill: 'slate' },
    shoulder: [-2, -92],
    head: {
      x: 56,
      y: -96,
      r: 33,
      fill: 'slate',
      marks: `<path d="M30 14A33 33 0 0 1 -16 29C-8 14 10 8 30 14Z" fill="var(--white)"/>`,
    },
    beak: (open) =>
      open
        ? shape('M28 -8L48 -10L32 4Z', 'black') + shape('M30 4L46 14L26 16Z', 'black')
        : shape('M30 -6L52 4L29 10Z', 'black'),
  },
}

export type Eye = 'open' | 'wide' | 'bored' | 'closed' | 'up' | 'down' | 'back' | 'out' | 'happy'

/** An eye at 0,0; `lid` has the colour of the head around it. */
export function eye(kind: Eye, lid: Colour, r = 15): string {
  const on = lid === 'slate' ? 'white' : 'black'
  if (kind === 'closed') return line(`M-${r} 0Q0 ${r} ${r} 0`, on)
  if (kind === 'happy') return line(`M-${r} 3Q0 -${r} ${r} 3`, on)
  if (kind === 'out') return line('M-9 -9L9 9M9 -9L-9 9', on, 7)
  const looks = { open: [4, 0], wide: [3, 0], bored: [4, 5], up: [3, -6], down: [4, 7], back: [-6, 0] }[kind]
  const [x, y] = looks as [number, number]
  return (
    dot(0, 0, kind === 'wide' ? r + 4 : r, 'white') +
    `<circle cx="${x}" cy="${y}" r="${kind === 'wide' ? 4 : 6.5}" fill="var(--black)" stroke="none"/>` +
    (kind === 'bored' ? shape(`M-${r + 1} 0A${r + 1} ${r + 1} 0 0 1 ${r + 1} 0Z`, lid) : '')
  )
}

export const hat = (colour: Colour): string =>
  shape('M-36 -20C-40 -58 34 -60 36 -22C12 -28 -14 -28 -36 -20Z', colour) +
  shape('M30 -24C46 -26 58 -22 62 -15C50 -13 38 -16 24 -25Z', 'black') +
  dot(4, -42, 7, 'yellow')

export interface Pose {
  eye?: Eye
  /** Its beak. */
  open?: boolean
  wing?: 'folded' | 'up' | 'spread' | 'sling' | 'none'
  legs?: 'stand' | 'walk' | 'none' | 'dangle'
  /** Turns the head, in degrees, clockwise. */
  nod?: number
  cap?: boolean
  /** In its beak, from the beak's tip. */
  holds?: string
  /** Over the body, under the head. */
  over?: string
}

export function bird(name: CarrierName, pose: Pose = {}): string {
  const {
    eye: look = 'open',
    open = false,
    wing = name === 'swift' ? 'spread' : 'folded',
    legs = 'stand',
    nod = 0,
  } = pose
  const { cap = true, holds = '', over = '' } = pose
  const { cap: colour, body, folded, wing: raised, shoulder, legs: own, neck = '', head, beak } = plumages[name]
  const [x, y] = shoulder
  const tip = { pigeon: 64, albatross: 96, kestrel: 52, pelican: 120, swift: 50 }[name]
  const size = head.r / 38
  const wings = {
    folded,
    up: at(x, y, shape(raised.d, raised.fill), { turn: 28 }),
    spread: at(x, y, shape(raised.d, raised.fill), { turn: -6 }),
    sling: folded,
    none: '',
  }[wing]
  const far = wing === 'spread' ? at(x + 26, y - 6, shape(raised.d, raised.fill), { turn: 34 }) : ''
  return (
    (own && legs !== 'none' ? feet(own, legs) : '') +
    far +
    body +
    (neck ? neck : '') +
    wings +
    over +
    at(
      head.x,
      head.y,
      (holds ? at(tip, 6, holds) : '') +
        beak(open) +
        dot(0, 0, head.r, head.fill) +
        (look === 'closed' || look === 'happy' ? '' : (head.marks ?? '')) +
        at(11, -3, eye(look, head.fill, head.r * 0.43)) +
        (cap ? at(0, 0, hat(colour), { scale: size }) : ''),
      { turn: nod },
    )
  )
}

function feet({ x, top, colour }: NonNullable<Plumage['legs']>, legs: 'stand' | 'walk' | 'dangle'): string {
  const toes = 'h22m-22 0h-8'
  const [left, right] = x
  const d = {
    stand: `M${left} ${top}V0${toes}M${right} ${top}V0${toes}`,
    walk: `M${left} ${top}L${left - 26} -4l8 -10m-8 10l-14 -6M${right} ${top}L${right + 22} -2${toes}`,
    dangle: `M${left} ${top}l-18 26l-8 -4m8 4l4 10M${right} ${top}l-14 30l-8 -4m8 4l4 10`,
  }[legs]
  return line(d, 'black', 10 + LINE) + line(d, colour, 8)
}
