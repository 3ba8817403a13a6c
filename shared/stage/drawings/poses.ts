import { bird, type Pose } from './birds.ts'
import { at, box, dot, GROUND, HEIGHT, limb, line, type Place, shape, WIDTH, word } from './ink.ts'
import { face, person, type Person } from './people.ts'
import * as prop from './props.ts'

export interface Drawing {
  /** What is seen, for whoever does not see it. */
  alt: string
  width: number
  height: number
  svg: string
}

export const scene = (alt: string, ...parts: string[]): Drawing => ({
  alt,
  width: WIDTH,
  height: HEIGHT,
  svg: parts.join(''),
})
const alone = (alt: string, ...parts: string[]): Drawing => ({ ...scene(alt, ...parts), width: HEIGHT })

export const pigeon = (pose?: Pose): string => bird('pigeon', pose)
export const on = (x: number, what: string, place?: Place): string => at(x, GROUND, what, place)

/** Looking to the left, the first in front of all. */
export const queue = (x: number, apart: number, people: Person[], scale = 0.9): string =>
  people
    .map((one, place) => on(x + place * apart, person(one), { flip: true, scale }))
    .toReversed()
    .join('')

/** They bring their own patience. */
export const customers: Person[] = [
  { look: 'bored' },
  { coat: 'ok', hat: 'bun', look: 'up', mouth: 'frown' },
  { coat: 'yellow', hat: 'none', look: 'bored', mouth: 'frown' },
  { coat: 'partial', look: 'closed' },
  { coat: 'sky', hat: 'bun', look: 'bored' },
  { coat: 'failed', hat: 'none', look: 'up', mouth: 'frown' },
]
export const upset = (people: Person[]): Person[] =>
  people.map((one) => ({ ...one, look: 'wide', mouth: 'shout', arms: 'up' }))

/** On its back, its head to the left. */
export const fallen = (pose: Pose = {}): string =>
  at(30, -126, pigeon({ eye: 'out', cap: false, legs: 'dangle', ...pose }), { turn: -128 })

/** On its head, when it has no cap. */
const plaster = at(50, -198, box(-26, -10, 52, 20, 'cream', 10) + line('M-6 -2v4M6 -2v4'), { turn: -12 })

const sling = shape('M30 -104C36 -58 6 -30 -36 -34C-66 -40 -74 -66 -66 -92Z', 'cream') + line('M-66 -92L40 -130')

const fish = () =>
  shape('M-50 0C-24 -34 24 -30 44 -4L70 -22V26L44 6C24 30 -24 32 -50 0Z', 'sky') + dot(-26, -4, 4, 'black')

const magnifier = () =>
  line('M26 26L64 64', 'black', 22) +
  line('M26 26L64 64', 'partial', 9) +
  dot(0, 0, 36, 'sky') +
  line('M-16 -4q4 -16 18 -16', 'white')

const letter = at(28, 12, prop.letter())

export const night = prop.backdrop('blue', 'slate') + prop.stars([212, 54], [330, 30], [452, 76], [596, 46])
export const day = prop.backdrop('cream', 'grey')
export const morning = prop.backdrop('sky', 'ok')

export const poses = {
  pigeon: alone(
    'The pigeon, a stout courier in a red cap, looks at nothing in particular',
    prop.floor(360),
    on(184, pigeon(), { scale: 1.2 }),
  ),

  customer: alone(
    'The customer, in a bobble hat, holds a parcel and waits',
    prop.floor(360),
    on(150, person({ arms: 'hold', holds: at(6, 34, prop.parcel(84, 62)) }), { scale: 1.35 }),
  ),

  colleagues: scene(
    'The five carriers in the caps of five firms: albatross, pelican, kestrel, pigeon, and swift, who never lands',
    prop.floor(),
    on(146, bird('albatross'), { scale: 0.8 }),
    on(276, bird('pelican', { eye: 'bored' }), { scale: 0.78 }),
    on(424, bird('kestrel'), { scale: 0.84 }),
    on(526, pigeon({ eye: 'back' }), { scale: 0.8 }),
    at(520, 144, bird('swift'), { scale: 0.7 }),
  ),

  asleep: scene(
    'The pigeon sleeps on its counter, its cap beside it, under the moon',
    prop.floor(),
    at(96, 84, prop.moon()),
    on(160, prop.counter(320)),
    at(350, GROUND - 82, pigeon({ eye: 'closed', nod: 38, cap: false, legs: 'none' })),
    at(206, GROUND - 104, prop.cap('failed')),
    at(470, GROUND - 190, prop.zzz()),
  ),

  'on-fire': scene(
    'The pigeon stands in flames with a letter in its beak, as if nothing were the matter',
    prop.floor(),
    on(190, prop.flame(1.5)),
    on(452, prop.flame(1.4)),
    on(270, prop.flame(2)),
    on(330, pigeon({ eye: 'bored', holds: letter }), { scale: 1.15 }),
    on(238, prop.flame(0.8)),
    on(330, prop.flame(0.55)),
    on(410, prop.flame(0.9)),
  ),

  'broken-wing': scene(
    'The pigeon with a wing in a sling, a plaster on its head, and a crutch',
    prop.floor(),
    on(
      320,
      limb('M104 -4L82 -102M60 -96L106 -106', 'partial', 7) +
        pigeon({
          eye: 'bored',
          cap: false,
          over: sling,
        }) +
        plaster,
      { scale: 1.25 },
    ),
  ),

  recovered: scene(
    'The pigeon, with a plaster on its head, flies again',
    at(536, 96, prop.sun()),
    at(300, 334, pigeon({ wing: 'spread', legs: 'dangle', eye: 'happy', cap: false }) + plaster, {
      scale: 1.25,
      turn: -8,
    }),
  ),

  delivering: scene(
    'The pigeon flies, with a letter in its beak',
    at(340, 326, pigeon({ wing: 'spread', legs: 'dangle', eye: 'happy', holds: letter }), { scale: 1.25, turn: -8 }),
    at(120, 190, prop.motion()),
  ),

  queue: scene(
    'Customers queue at a counter, behind which the pigeon is elsewhere in its thoughts',
    prop.floor(),
    on(140, pigeon({ eye: 'back' }), { scale: 0.95 }),
    on(70, prop.counter(140)),
    queue(306, 97, [{ coat: 'failed', hat: 'bun', mouth: 'frown', arms: 'point' }, ...customers.slice(0, 3)]),
  ),

  'nobody-answers': scene(
    'The customer holds a telephone to her ear; at the other end the receiver hangs down, and the pigeon looks away',
    prop.floor(),
    on(
      110,
      person({
        coat: 'ok',
        hat: 'bun',
        arms: 'phone',
        holds: at(-8, -6, prop.receiver()),
        look: 'bored',
        mouth: 'frown',
      }),
      { scale: 1.2 },
    ),
    line('M172 190C190 330 250 340 262 220S300 40 356 70V176', 'ink'),
    at(356, 202, prop.receiver(), { turn: 8 }),
    on(506, pigeon({ eye: 'back' }), { flip: true, scale: 0.95 }),
  ),

  'closing-time': scene(
    'At five the pigeon goes home, and leaves the customer at the counter with a parcel',
    prop.floor(),
    at(232, 70, prop.clock(5, 0)),
    on(170, prop.counter(120)),
    on(236, at(0, -102, prop.parcel(70, 50))),
    on(96, person({ look: 'wide', mouth: 'shout', arms: 'point' })),
    at(388, 226, prop.motion()),
    on(500, pigeon({ legs: 'walk', eye: 'happy' }), { scale: 0.95 }),
  ),

  'asks-again': scene(
    'The pigeon lies on its back; the customer asks, and asks again, and asks again',
    prop.floor(),
    on(110, person({ coat: 'failed', hat: 'bun', mouth: 'shout', arms: 'up', look: 'wide' })),
    ...[0, 1, 2].map((again) => at(236 + again * 108, 120 + again * 12, prop.says('?', 50))),
    on(474, fallen()),
  ),

  herd: scene(
    'The pigeon has just got up, and everybody asks at once',
    prop.floor(),
    on(130, pigeon({ eye: 'wide', nod: -10 }), { scale: 0.95 }),
    queue(304, 58, upset(customers), 0.72),
    ...[0, 1, 2, 3].map((one) => at(318 + one * 84, 116 + (one % 2) * 14, prop.says('?', 34))),
  ),

  breaker: scene(
    'An open breaker: a barrier is down between the customer, who is told at once, and the pigeon, who rests',
    prop.floor(),
    on(500, pigeon({ eye: 'closed', cap: false, nod: 24 })),
    on(220, prop.barrier(320)),
    on(110, person({ look: 'up' }), { scale: 1.1 }),
  ),

  'half-open': scene(
    'A half-open breaker: the barrier is up for a single parcel, and the customers wait to see how the pigeon takes it',
    prop.floor(),
    on(506, pigeon({ eye: 'down' }), { flip: true, scale: 0.95 }),
    on(366, prop.parcel(70, 52)),
    on(288, prop.barrier(200, true)),
    on(84, person({ coat: 'ok', hat: 'bun', look: 'up' })),
    on(192, person({})),
  ),

  race: scene(
    'All five are asked at once, and race; the pigeon, last, has found a crumb',
    prop.floor(),
    on(390, bird('albatross', { legs: 'walk' }), { scale: 0.66 }),
    at(548, 150, bird('swift'), { scale: 0.66 }),
    at(424, 92, prop.motion()),
    on(560, bird('kestrel', { legs: 'walk' }), { scale: 0.74 }),
    on(256, bird('pelican', { legs: 'walk', eye: 'wide' }), { scale: 0.66 }),
    on(112, pigeon({ eye: 'down', nod: 52 }), { scale: 0.68 }),
    dot(182, 306, 5, 'partial'),
  ),

  'two-for-one': scene(
    'Two pigeons bring the same letter; the first is there, and the second may turn back',
    prop.floor(),
    on(580, person({ coat: 'ok', arms: 'point', mouth: 'smile' }), { flip: true }),
    at(378, 300, pigeon({ wing: 'spread', legs: 'dangle', eye: 'happy', holds: letter }), { scale: 0.85, turn: -4 }),
    at(132, 240, pigeon({ wing: 'spread', legs: 'dangle', eye: 'wide', open: true, holds: letter }), { scale: 0.72 }),
  ),

  buried: scene(
    'The pigeon is buried in parcels, all but its head',
    prop.floor(),
    on(300, pigeon({ eye: 'bored' }), { scale: 1.35 }),
    ...heap(300),
  ),

  turnstile: scene(
    'A turnstile lets customers through one by one; the one with the many letters waits like everybody else',
    prop.floor(),
    on(540, pigeon({ eye: 'happy' }), { flip: true, scale: 0.85 }),
    on(350, person({ coat: 'ok', mouth: 'smile' })),
    on(270, prop.turnstile()),
    on(56, person({ look: 'bored' })),
    on(158, person({ coat: 'failed', hat: 'none', arms: 'hold', look: 'bored', mouth: 'frown', holds: prop.pile(5) })),
  ),

  full: scene(
    'Kestrel keeps the door: it is full inside, and she says so at once',
    prop.floor(),
    on(150, prop.door('blue')),
    at(150, 66, prop.sign('FULL', 'yellow', 124, 36)),
    on(296, bird('kestrel', { eye: 'bored' }), { scale: 1.05 }),
    queue(476, 104, [{ look: 'up' }, { coat: 'ok', hat: 'bun', look: 'bored' }], 1),
  ),

  cart: scene(
    'A customer with one parcel stands behind a cart with two hundred letters, before the only counter',
    prop.floor(),
    on(144, pigeon({ eye: 'wide' }), { scale: 0.95 }),
    on(74, prop.counter(150)),
    on(322, prop.cart()),
    on(446, person({ coat: 'failed', hat: 'none', arms: 'point', look: 'happy', mouth: 'smile' }), { flip: true }),
    on(560, person({ arms: 'hold', holds: prop.parcel(50, 40), look: 'bored', mouth: 'frown' }), { flip: true }),
  ),

  yesterday: scene(
    'The pigeon sleeps; albatross hands out yesterday’s price, which says on itself how old it is',
    prop.floor(),
    on(186, bird('albatross', { eye: 'happy', holds: at(20, 30, prop.sign('5.90 ?', 'yellow', 136, 34)) }), {
      scale: 0.8,
    }),
    on(448, person({ look: 'up', mouth: 'smile' }), { flip: true }),
    on(560, pigeon({ eye: 'closed', nod: 34, cap: false }), { scale: 0.66 }),
  ),

  batch: scene(
    'The pigeon takes a pile of letters at once, out of a cart with many more; the customer is heard meanwhile',
    prop.floor(),
    on(100, person({ coat: 'ok', hat: 'bun', arms: 'phone', holds: at(-8, -6, prop.receiver()), mouth: 'smile' })),
    on(280, pigeon({ legs: 'walk', eye: 'happy', holds: at(36, 46, prop.pile(4)) }), { scale: 0.95 }),
    on(546, prop.cart()),
  ),

  'empty-box': scene(
    'The customer has a receipt for what was put into the box; albatross looks into it, and finds nothing',
    prop.floor(),
    on(
      106,
      person({
        coat: 'ok',
        hat: 'bun',
        arms: 'hold',
        holds: prop.sign('202', 'yellow', 84),
        look: 'wide',
        mouth: 'frown',
      }),
    ),
    on(310, prop.crate(0), { scale: 1.3 }),
    on(490, bird('albatross', { eye: 'down', nod: 20 }), { flip: true, scale: 0.9 }),
  ),

  thinking: scene(
    'The pigeon tilts its head, and has a question',
    prop.floor(),
    on(290, pigeon({ nod: -24, eye: 'up' }), { scale: 1.3 }),
    word(548, 240, '?', 220, 'ink'),
  ),

  alarm: scene(
    'It is 3:07; a telephone rings, and somebody in bed does not sleep any more',
    night,
    at(96, 84, prop.clock(3, 7)),
    on(70, prop.bed(face({ look: 'wide', hat: 'none' }))),
    on(524, prop.phone(true)),
  ),

  'sleeps-through': scene(
    'It is 3:07; the telephone is silent, and somebody in bed sleeps well',
    night,
    at(96, 84, prop.clock(3, 7)),
    on(70, prop.bed(face({ look: 'closed', hat: 'none', mouth: 'smile' }))),
    at(196, 168, prop.zzz('white')),
    on(524, prop.phone()),
  ),

  deadline: scene(
    'Albatross hands on a letter with a clock, so that kestrel knows how much time is left',
    prop.floor(),
    on(180, bird('albatross', { holds: at(4, 34, prop.letter() + at(8, -24, prop.clock(11, 54, 32))) })),
    on(504, bird('kestrel', { legs: 'walk' }), { flip: true, scale: 1.1 }),
  ),

  budget: scene(
    'Pelican keeps coins in its pouch: every second call has to be paid for',
    prop.floor(),
    on(210, bird('pelican', { open: true, eye: 'down' }), { scale: 1.15 }),
    at(316, 116, prop.coin()),
    at(346, 136, prop.coin()),
    on(486, prop.coins(5)),
    on(556, prop.coins(3)),
  ),

  moon: scene(
    'One in a hundred: on its way with a letter, the pigeon has stopped to look at the moon',
    night,
    at(530, 110, prop.moon(), { scale: 1.4 }),
    on(230, pigeon({ nod: -22, eye: 'up', holds: letter }), { scale: 1.15 }),
  ),

  title: scene(
    'The pigeon falls, upside down and with its eyes open; three colleagues hold up the marks that they give it for style',
    morning,
    at(560, 74, prop.sun()),
    on(170, prop.parcel(120, 40)),
    on(276, prop.parcel(84, 30, 'cream')),
    line('M70 108v-44M106 62v-30M352 128v-44', 'white'),
    at(156, 86, pigeon({ eye: 'wide', open: true, wing: 'spread', legs: 'dangle', cap: false }), { turn: 146 }),
    at(346, 42, prop.cap('failed'), { turn: 20 }),
    on(392, prop.counter(224)),
    ...(['kestrel', 'albatross', 'pelican'] as const).map((name, i) =>
      at(444 + i * 72, GROUND - 104, bird(name, { legs: 'none', eye: 'bored' }), { flip: true, scale: 0.54 }),
    ),
    ...['9.4', '9.7', '10'].map((mark, i) => at(430 + i * 74, 254, prop.sign(mark, 'white', 62, 30))),
  ),

  coffee: scene(
    'Kestrel and the pigeon at a table with two cups of coffee, one of which the pigeon has its head in',
    day,
    on(150, bird('kestrel', { cap: false, eye: 'happy' })),
    on(490, pigeon({ nod: 40, cap: false, eye: 'closed' }), { flip: true, scale: 0.95 }),
    on(246, at(0, 0, box(-30, -104, 170, 20, 'partial') + line('M50 -84V0M10 0H90', 'black', 12))),
    at(270, 208, prop.cup()),
    at(352, 208, prop.cup(), { flip: true }),
  ),

  lunch: scene(
    'Pelican has put the whole lunch into its pouch; the pigeon looks at its crumb',
    day,
    on(190, bird('pelican', { eye: 'happy' }), { scale: 1.2 }),
    at(376, 116, fish(), { turn: 100 }),
    on(508, pigeon({ eye: 'down', nod: 44 }), { flip: true, scale: 0.9 }),
    dot(414, 306, 6, 'partial'),
  ),

  'your-turn': scene(
    'The pigeon, a wing in a sling, has put a laptop with red tests before you, and waits',
    morning,
    on(70, prop.counter(270)),
    at(190, 206, prop.laptop()),
    line('M146 120l14 14m0 -14l-14 14M148 146l14 14m0 -14l-14 14M150 172l14 14m0 -14l-14 14', 'failed', 7),
    line('M176 128h44M178 154h30M180 180h52', 'white', 7),
    on(470, pigeon({ eye: 'wide', cap: true, nod: -6, over: sling }), { flip: true, scale: 1.1 }),
  ),

  review: scene(
    'Kestrel goes through the pigeon’s code with a magnifying glass; the pigeon looks elsewhere',
    day,
    at(
      300,
      170,
      box(-76, -120, 152, 224, 'white') +
        line('M-52 -88H20M-36 -60H44M-36 -32H8M-36 -4H52M-52 24H-10M-52 52H30', 'slate', 8),
    ),
    on(136, bird('kestrel', { eye: 'down' }), { scale: 1.1 }),
    at(268, 166, magnifier()),
    on(506, pigeon({ eye: 'up', nod: -6 }), { scale: 0.88 }),
  ),

  closing: scene(
    'Morning: the pigeon, with plaster, sling and crutch, has delivered; the customer has the parcel, if with a dent',
    morning,
    at(556, 78, prop.sun()),
    on(
      250,
      limb('M104 -4L82 -102M60 -96L106 -106', 'partial', 7) +
        pigeon({ eye: 'happy', cap: false, over: sling }) +
        plaster,
    ),
    on(
      486,
      person({
        mouth: 'smile',
        look: 'happy',
        arms: 'hold',
        holds: at(6, 34, prop.parcel(84, 62)) + line('M-20 -24l12 10l-6 8', 'black'),
      }),
      {
        flip: true,
        scale: 1.1,
      },
    ),
  ),
} satisfies Record<string, Drawing>

/** Of parcels, two rows and one on top. */
export function heap(x: number): string[] {
  const row = (y: number, from: number, ...sizes: [width: number, height: number][]) =>
    sizes.map(([width, height], i) =>
      at(x + from + i * 102, y, prop.parcel(width, height, (i + Math.round(y)) % 2 ? 'cream' : 'partial')),
    )
  return [
    ...row(GROUND, -204, [96, 66], [92, 80], [104, 72], [90, 84], [96, 66]),
    ...row(GROUND - 71, -150, [84, 60], [88, 66], [92, 54], [80, 62]),
    ...row(GROUND - 134, -94, [64, 48]),
  ]
}
