import { bird, type Pose } from './birds.ts'
import { at, box, dot, GROUND, limb, line, type Place, shape, word } from './ink.ts'
import { person, type Person } from './people.ts'
import * as prop from './props.ts'

export interface Drawing {
  /** What is seen, for whoever does not see it. */
  alt: string
  /** 640: a scene; 360: somebody alone. */
  width: 360 | 640
  svg: string
}

export const scene = (alt: string, ...parts: string[]): Drawing => ({ alt, width: 640, svg: parts.join('') })
const alone = (alt: string, ...parts: string[]): Drawing => ({ alt, width: 360, svg: parts.join('') })

export const pigeon = (pose?: Pose) => bird('pigeon', pose)
export const on = (x: number, what: string, place?: Place) => at(x, GROUND, what, place)
const floor = (width = 640) => prop.ground('ink', 16, width - 16)

/** From the front of a queue to its back, all looking to the left; who is in front is drawn last. */
export const queue = (x: number, apart: number, people: Person[], scale = 0.9) =>
  people
    .map((one, place) => on(x + place * apart, person(one), { flip: true, scale }))
    .toReversed()
    .join('')

export const customers: Person[] = [
  { look: 'bored' },
  { coat: 'ok', hat: 'bun', look: 'up', mouth: 'frown' },
  { coat: 'purple', hat: 'none', look: 'bored', mouth: 'frown' },
  { coat: 'partial', look: 'closed' },
  { coat: 'sky', hat: 'bun', look: 'bored' },
  { coat: 'failed', hat: 'none', look: 'up', mouth: 'frown' },
]

/** On its back, feet up; its middle lies on 0,0. */
export const fallen = (pose: Pose = {}) =>
  at(0, -118, pigeon({ eye: 'out', cap: false, legs: 'dangle', open: true, nod: 10, ...pose }), { turn: 180 })

const nightSky = prop.sky('blue')

export const poses = {
  pigeon: alone(
    'The pigeon, a stout courier in a red cap, looks at nothing in particular',
    floor(360),
    on(200, pigeon(), { scale: 1.25 }),
  ),

  customer: alone(
    'The customer, in a bobble hat, holds a parcel and waits',
    floor(360),
    on(160, person({ arms: 'hold', holds: at(6, 34, prop.parcel(84, 62)) }), { scale: 1.35 }),
  ),

  colleagues: scene(
    'The five carriers in the caps of five firms: albatross, pelican, kestrel, pigeon, and swift, who never lands',
    floor(),
    on(176, bird('albatross'), { scale: 0.82 }),
    on(300, bird('pelican', { eye: 'bored' }), { scale: 0.8 }),
    on(444, bird('kestrel'), { scale: 0.86 }),
    on(560, pigeon({ eye: 'back' }), { scale: 0.86 }),
    at(510, 150, bird('swift'), { scale: 0.74 }),
  ),

  asleep: scene(
    'The pigeon sleeps on its counter, its cap beside it, under the moon',
    floor(),
    at(96, 84, prop.moon()),
    on(170, prop.counter(300)),
    at(344, GROUND - 82, pigeon({ eye: 'closed', nod: 38, cap: false, legs: 'none' })),
    at(214, GROUND - 80, prop.cap('failed')),
    at(466, GROUND - 196, prop.zzz()),
  ),

  'on-fire': scene(
    'The pigeon stands in flames with a letter in its beak, as if nothing were the matter',
    floor(),
    on(190, prop.flame(1.5)),
    on(452, prop.flame(1.4)),
    on(270, prop.flame(2)),
    on(330, pigeon({ eye: 'bored', holds: at(28, 12, prop.letter()) }), { scale: 1.15 }),
    on(238, prop.flame(0.8)),
    on(330, prop.flame(0.55)),
    on(410, prop.flame(0.9)),
  ),

  'broken-wing': scene(
    'The pigeon with a wing in a sling, a plaster on its head, and a crutch',
    floor(),
    on(
      330,
      limb('M104 -4L82 -102M60 -96L106 -106', 'partial', 7) +
        pigeon({
          eye: 'bored',
          cap: false,
          over:
            shape('M30 -104C36 -58 6 -30 -36 -34C-66 -40 -74 -66 -66 -92Z', 'cream') +
            line('M-66 -92L40 -130', 'black'),
        }) +
        at(46, -196, box(-26, -10, 52, 20, 'cream', 10) + line('M-6 -2v4M6 -2v4', 'black'), { turn: -16 }),
      { scale: 1.25 },
    ),
  ),

  delivering: scene(
    'The pigeon flies, with a letter in its beak',
    at(350, 316, pigeon({ wing: 'spread', legs: 'dangle', eye: 'happy', holds: at(28, 12, prop.letter()) }), {
      scale: 1.25,
      turn: -8,
    }),
    at(120, 200, prop.motion()),
  ),

  queue: scene(
    'Customers queue at a counter, behind which the pigeon is elsewhere in its thoughts',
    floor(),
    on(110, pigeon({ eye: 'back' }), { scale: 1.1 }),
    on(60, prop.counter(140)),
    queue(270, 100, [{ coat: 'failed', hat: 'bun', mouth: 'frown', arms: 'point' }, ...customers.slice(0, 3)]),
  ),

  'nobody-answers': scene(
    'The customer holds a telephone to her ear; at the other end the receiver hangs off the hook, and the pigeon looks away',
    floor(),
    on(
      130,
      person({
        coat: 'purple',
        hat: 'bun',
        arms: 'phone',
        holds: at(-8, -6, prop.receiver()),
        look: 'bored',
        mouth: 'frown',
      }),
      {
        scale: 1.2,
      },
    ),
    line('M190 190C220 330 290 330 320 220S372 60 400 100V150', 'ink'),
    at(396, 186, prop.receiver(), { turn: 90 }),
    on(520, pigeon({ eye: 'back' }), { scale: 1.1, flip: true }),
  ),

  'closing-time': scene(
    'At five the pigeon goes home with its bag, and leaves the customer at the counter with an open parcel',
    floor(),
    at(112, 76, prop.clock(5, 0)),
    on(200, prop.counter(130)),
    on(265, at(0, -102, prop.parcel(70, 50))),
    on(140, person({ look: 'wide', mouth: 'shout', arms: 'point' })),
    on(520, pigeon({ legs: 'walk', eye: 'happy' }), { scale: 1.1 }),
    at(404, 246, prop.motion()),
  ),

  'asks-again': scene(
    'The pigeon lies on its back; the customer asks, and asks again, and asks again',
    floor(),
    on(150, person({ coat: 'failed', hat: 'bun', mouth: 'shout', arms: 'up' }), { scale: 1.1 }),
    ...[0, 1, 2].map((again) => at(300 + again * 112, 118 + again * 40, prop.says('?', 50))),
    on(500, fallen()),
  ),

  herd: scene(
    'The pigeon has just got up, and everybody asks at once',
    floor(),
    on(110, pigeon({ eye: 'wide', nod: -12 }), { scale: 1.05 }),
    queue(
      300,
      74,
      customers.map((one) => ({ ...one, mouth: 'shout', arms: 'up' }) as Person),
      0.8,
    ),
    ...[0, 1, 2, 3].map((one) => at(312 + one * 88, 92 - (one % 2) * 14, prop.says('?', 34))),
  ),

  breaker: scene(
    'An open breaker: a barrier is down between the customer, who is told at once, and the pigeon, who rests',
    floor(),
    on(500, pigeon({ eye: 'closed', cap: false, nod: 24 }), { scale: 1.1 }),
    on(240, prop.barrier(300)),
    on(120, person({ look: 'up' }), { scale: 1.1 }),
  ),

  'half-open': scene(
    'A half-open breaker: the barrier lets one parcel through to the pigeon, the customers behind it wait',
    floor(),
    on(490, pigeon({ eye: 'down' }), { scale: 1.1, flip: true }),
    on(372, prop.parcel(70, 52)),
    on(290, prop.barrier(200, true)),
    queue(60, 92, [], 1),
    on(90, person({ coat: 'ok', hat: 'bun', look: 'up' })),
    on(200, person({})),
  ),

  race: scene(
    'All five are asked at once, and race; the pigeon comes last, and stops for a snack',
    floor(),
    at(560, 96, bird('swift'), { scale: 0.72 }),
    at(410, 120, prop.motion()),
    on(520, bird('kestrel', { legs: 'walk' }), { scale: 0.8 }),
    on(392, bird('albatross', { legs: 'walk' }), { scale: 0.74 }),
    on(254, bird('pelican', { legs: 'walk', eye: 'wide' }), { scale: 0.72 }),
    on(90, pigeon({ eye: 'down', nod: 40, legs: 'stand' }), { scale: 0.86 }),
    dot(158, 306, 4, 'partial'),
    dot(176, 308, 4, 'partial'),
  ),

  'two-for-one': scene(
    'Two pigeons bring the same letter; the first is there, the second is called back',
    floor(),
    on(560, person({ coat: 'ok', arms: 'point', look: 'open', mouth: 'smile' }), { flip: true, scale: 1.05 }),
    at(366, 308, pigeon({ wing: 'spread', legs: 'dangle', eye: 'happy', holds: at(26, 12, prop.letter()) }), {
      scale: 0.95,
      turn: -6,
    }),
    at(
      150,
      262,
      pigeon({ wing: 'spread', legs: 'dangle', eye: 'wide', open: true, holds: at(26, 14, prop.letter()) }),
      {
        scale: 0.8,
        turn: 4,
      },
    ),
  ),

  buried: scene(
    'The pigeon is buried in parcels, all but its head',
    floor(),
    on(330, pigeon({ eye: 'bored' }), { scale: 1.35 }),
    on(120, prop.parcel(96, 66)),
    on(220, prop.parcel(90, 80, 'cream')),
    on(330, prop.parcel(120, 72)),
    on(440, prop.parcel(86, 88, 'cream')),
    on(536, prop.parcel(92, 64)),
    on(184, at(-10, -72, prop.parcel(84, 60, 'cream'))),
    on(266, at(0, -76, prop.parcel(76, 70))),
    on(376, at(0, -72, prop.parcel(96, 58, 'cream'))),
    on(476, at(0, -74, prop.parcel(80, 60))),
    on(226, at(0, -134, prop.parcel(64, 48, 'cream'))),
  ),

  turnstile: scene(
    'A turnstile lets one customer through at a time; the one with the many letters waits like everybody else',
    floor(),
    on(520, pigeon({ eye: 'happy' }), { flip: true }),
    on(330, person({ coat: 'ok', mouth: 'smile' })),
    on(250, prop.turnstile()),
    on(150, person({ coat: 'purple', hat: 'none', arms: 'hold', look: 'bored', mouth: 'frown', holds: prop.pile(5) })),
    on(50, person({ look: 'bored' })),
  ),

  full: scene(
    'Kestrel keeps the door: it is full inside, and she says so at once',
    floor(),
    on(190, prop.door('blue')),
    at(190, 68, prop.sign('FULL', 'yellow', 124, 36)),
    on(330, bird('kestrel', { eye: 'bored', wing: 'folded' }), { scale: 1.05 }),
    on(500, person({ look: 'up', arms: 'down' }), { flip: true }),
    on(590, person({ coat: 'ok', hat: 'bun', look: 'bored' }), { flip: true }),
  ),

  thinking: scene(
    'The pigeon tilts its head, and has a question',
    floor(),
    on(300, pigeon({ nod: -24, eye: 'up' }), { scale: 1.3 }),
    word(500, 190, '?', 170, 'ink'),
  ),

  alarm: scene(
    'It is 3:07, and the telephone rings beside a bed in which somebody does not sleep any more',
    nightSky,
    at(92, 78, prop.clock(3, 7)),
    prop.stars([210, 60], [330, 40], [470, 84], [584, 44]),
    prop.bed(),
    at(520, 250, prop.phone(true)),
  ),

  deadline: scene(
    'Albatross hands the kestrel a letter with a clock on it; each knows how much is left',
    floor(),
    on(200, bird('albatross', { eye: 'down' }), { scale: 1.05 }),
    at(362, 156, prop.letter()),
    at(374, 126, prop.clock(11, 55, 30)),
    on(500, bird('kestrel'), { flip: true, scale: 1.1 }),
  ),

  budget: scene(
    'Pelican counts coins into its pouch: every second call has to be paid for',
    floor(),
    on(220, bird('pelican', { open: true, eye: 'down' }), { scale: 1.15 }),
    ...[0, 1, 2].map((coin) => at(360 - coin * 6, 60 + coin * 46, dot(0, 0, 17, 'yellow') + line('M0 -7v14'))),
    on(500, at(0, 0, prop.coins(5))),
    on(570, at(0, 0, prop.coins(3))),
  ),

  recovered: scene(
    'The pigeon, with a plaster on its head, flies again',
    at(520, 110, prop.sun()),
    at(
      300,
      330,
      pigeon({ wing: 'spread', legs: 'dangle', eye: 'happy', cap: false }) +
        at(46, -196, box(-26, -10, 52, 20, 'cream', 10) + line('M-6 -2v4M6 -2v4'), { turn: -16 }),
      {
        scale: 1.25,
        turn: -10,
      },
    ),
  ),

  moon: scene(
    'One in a hundred: on its way with a letter, the pigeon has stopped to look at the moon',
    nightSky,
    prop.stars([80, 70], [210, 40], [330, 96], [600, 160]),
    at(500, 96, prop.moon(), { scale: 1.3 }),
    line('M0 250H640'),
    at(250, 250, pigeon({ nod: -26, eye: 'up', holds: at(26, 14, prop.letter()) }), { scale: 1 }),
  ),
} satisfies Record<string, Drawing>
