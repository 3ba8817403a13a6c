import { bird } from './birds.ts'
import { at, box, GROUND, line, shape, word } from './ink.ts'
import { person, type Person } from './people.ts'
import { customers, day, type Drawing, fallen, heap, night, on, pigeon, queue, scene, upset } from './poses.ts'
import * as prop from './props.ts'

// Each chapter's incident, as its README tells it: four pictures, and no words that are not on a clock or a sign.

const time = (hours: number, minutes: number) => at(64, 62, prop.clock(hours, minutes))
const phoning: Person = { arms: 'phone', holds: at(-8, -6, prop.receiver()), look: 'bored' }
const letters = (count: number) => prop.pile(count)
/** In the hands of somebody who looks to the left, and to be read all the same. */
const receipt = at(0, 0, prop.sign('202', 'yellow', 84), { flip: true })
/** Over the head. */
const quote = (x: number, y: number) => at(x, y, prop.letter())

/** Behind the counter at the left. */
const behind = (x: number, pose: Parameters<typeof pigeon>[0] = {}, width = 150) =>
  on(x, pigeon(pose), { scale: 0.95 }) + on(x - 70, prop.counter(width))

const FIVE = ['albatross', 'pelican', 'swift', 'kestrel', 'pigeon'] as const
/** Side by side, as small as they have to be. */
const five = (poseOf: (name: (typeof FIVE)[number]) => Parameters<typeof bird>[1], holding = '') =>
  FIVE.map((name, i) =>
    at(270 + i * 76, name === 'swift' ? 232 : 312, bird(name, poseOf(name)) + (name === 'pigeon' ? '' : holding), {
      scale: name === 'pigeon' ? 0.52 : 0.46,
      flip: true,
    }),
  ).join('')

export const strips: Record<string, Drawing[]> = {
  '01': [
    scene(
      'At 3:07 the pigeon takes the customer’s call',
      night,
      time(3, 7),
      on(210, person({ ...phoning, look: 'open' }), { scale: 1.05 }),
      on(490, pigeon({ eye: 'open', nod: 6 }), { flip: true }),
      at(412, 172, prop.receiver(), { flip: true }),
    ),
    scene(
      'The customer waits on the telephone; the pigeon has fallen asleep with the receiver at its ear',
      night,
      time(3, 9),
      on(210, person({ ...phoning, mouth: 'frown' }), { scale: 1.05 }),
      on(490, pigeon({ eye: 'closed', nod: 22, cap: false }), { flip: true }),
      at(408, 186, prop.receiver(), { flip: true, turn: -14 }),
      at(500, 118, prop.zzz('white')),
    ),
    scene(
      'At 3:15 everybody holds a telephone, and waits',
      night,
      time(3, 15),
      ...[0, 1, 2, 3, 4, 5].map((i) => on(60 + i * 102, person({ ...customers[i], ...phoning }), { scale: 0.85 })),
    ),
    scene(
      'At 3:40 somebody has to tell the shop that its outage is a bird',
      night,
      time(3, 40),
      on(170, person({ coat: 'failed', hat: 'bun', arms: 'point', look: 'wide', mouth: 'frown' }), { scale: 1.05 }),
      on(300, prop.counter(270)),
      at(430, 230, pigeon({ eye: 'closed', nod: 38, cap: false, legs: 'none' }), { scale: 0.9 }),
      at(526, 118, prop.zzz('white')),
    ),
  ],

  '02': [
    scene(
      'At 3:02 the pigeon serves a customer at its counter',
      night,
      time(3, 2),
      behind(210, { eye: 'happy' }, 180),
      at(326, 204, prop.parcel(70, 50)),
      queue(
        430,
        110,
        [
          { arms: 'point', mouth: 'smile' },
          { coat: 'ok', hat: 'bun' },
        ],
        0.95,
      ),
    ),
    scene(
      'The deploy begins: the pigeon turns round and walks off, and the customers’ parcel is in the air',
      night,
      on(270, prop.counter(110)),
      on(136, pigeon({ legs: 'walk', eye: 'closed' }), { flip: true, scale: 0.9 }),
      at(322, 150, prop.parcel(70, 50), { turn: 24 }),
      line('M290 70v-26M326 62v-30M362 70v-26', 'white'),
      queue(440, 110, upset([{}, { coat: 'ok', hat: 'bun' }]), 0.95),
    ),
    scene(
      'The shutter is down, its sign says 502, and the parcel lies broken before it',
      night,
      on(80, prop.counter(220)),
      on(80, prop.shutter(220)),
      at(190, 138, prop.sign('502', 'yellow', 104, 36)),
      at(346, 312, prop.parcel(74, 46), { turn: 0 }),
      line('M316 276l10 12l-8 8l14 14', 'black'),
      queue(
        450,
        110,
        [
          { look: 'up', mouth: 'frown' },
          { coat: 'ok', hat: 'bun', look: 'bored' },
        ],
        0.95,
      ),
    ),
    scene(
      'Somebody presses “Pay” once more, and has two parcels, and two bills',
      night,
      on(250, person({ look: 'wide', mouth: 'frown', arms: 'hold' }), { scale: 1.2 }),
      on(356, prop.parcel(96, 70)),
      on(356, at(0, -73, prop.parcel(96, 70))),
      at(500, 150, bill(), { turn: 8 }),
      at(560, 180, bill(), { turn: 14 }),
    ),
  ],

  '03': [
    scene(
      'The pigeon has fallen over; the customers wait politely',
      night,
      time(2, 58),
      on(190, fallen()),
      queue(364, 92, customers.slice(0, 3)),
    ),
    scene(
      'Eleven seconds later the pigeon is up again, and nobody has moved',
      night,
      time(2, 58),
      on(170, pigeon({ eye: 'happy', wing: 'up' }), { scale: 0.95 }),
      queue(
        364,
        92,
        customers.slice(0, 3).map((one) => ({ ...one, look: 'wide' })),
      ),
    ),
    scene(
      'The pigeon is up, and everybody who has been waiting asks at once',
      night,
      on(140, pigeon({ eye: 'wide', nod: -16, open: true }), { scale: 0.95 }),
      queue(314, 58, upset(customers), 0.76),
      ...[0, 1, 2, 3].map((one) => at(300 + one * 92, 112 + (one % 2) * 14, prop.says('?', 36))),
    ),
    scene(
      'The pigeon lies down once more, and all wait for the same hundred milliseconds',
      night,
      on(190, fallen()),
      at(120, 120, dizzy()),
      queue(
        364,
        58,
        customers.slice(0, 5).map((one) => ({ ...one, look: 'down', mouth: 'flat' })),
        0.8,
      ),
    ),
  ],

  '04': [
    scene(
      'The pigeon is dead; a customer asks it for a quote',
      night,
      time(3, 40),
      on(220, fallen()),
      on(480, person({ look: 'down' }), { flip: true }),
      at(430, 128, prop.says('?', 46)),
    ),
    scene(
      'The next customer asks the dead pigeon, too, to learn what the one before has learnt',
      night,
      on(220, fallen()),
      on(440, person({ coat: 'ok', hat: 'bun', look: 'down' }), { flip: true }),
      at(392, 128, prop.says('?', 46)),
      on(572, person({ look: 'back', arms: 'down' }), { scale: 0.9 }),
    ),
    scene(
      'Forty customers wait for the dead pigeon at any time',
      night,
      on(180, fallen(), { scale: 0.9 }),
      ...[0, 1, 2].map((row) =>
        at(0, (row - 2) * 34, queue(330 + row * 12, 54, [...customers, ...customers].slice(row, row + 6), 0.7)),
      ),
    ),
    scene(
      'The log has the same line 140,000 times, and nobody has read the first; the pigeon lies beneath it',
      night,
      time(4, 10),
      at(300, GROUND - 16, fallen()),
      ...[0, 1, 2, 3, 4, 5, 6, 7].map((fold) => at(262 + (fold % 2) * 14, GROUND - 26 * fold, prop.printout(300, 1))),
    ),
  ],

  '05': [
    scene(
      'At 3:12 the customer asks all five carriers what a parcel costs',
      night,
      at(576, 62, prop.clock(3, 12)),
      on(96, person({ arms: 'point' }), { scale: 0.9 }),
      at(196, 118, prop.says('?', 50)),
      five(() => ({})),
    ),
    scene(
      'Four carriers hold up their quotes within 80 milliseconds; the pigeon thinks',
      night,
      at(576, 62, prop.clock(3, 12)),
      on(96, person({ look: 'happy', mouth: 'smile' }), { scale: 0.9 }),
      five((name) =>
        name === 'pigeon' ? { eye: 'up', nod: -20 } : { holds: at(20, 0, prop.letter(), { scale: 1.3 }) },
      ),
    ),
    scene(
      'The customer waits all the same, while four have fallen asleep over their quotes',
      night,
      at(576, 62, prop.clock(3, 19)),
      on(96, person({ look: 'bored', mouth: 'frown' }), { scale: 0.9 }),
      five((name) => (name === 'pigeon' ? { eye: 'up', nod: -20 } : { eye: 'closed', nod: 20 })),
      at(360, 130, prop.zzz('white')),
    ),
    scene(
      'The pigeon says no, and all four quotes are thrown away with it',
      night,
      time(3, 20),
      on(150, person({ look: 'wide', mouth: 'shout', arms: 'up' }), { scale: 0.9 }),
      on(510, pigeon({ open: true, eye: 'bored' }), { flip: true, scale: 0.95 }),
      at(440, 112, prop.says('500', 96)),
      on(290, bin()),
      quote(270, 178),
      at(316, 160, prop.letter(), { turn: 20 }),
    ),
  ],

  '06': [
    scene(
      'Nothing is broken: swift passes with a letter before anybody has seen it',
      night,
      at(400, 286, bird('swift', { holds: at(20, 8, prop.letter()) }), { scale: 1.15 }),
      at(190, 168, prop.motion('white'), { scale: 1.3 }),
    ),
    scene(
      'One in a hundred: the pigeon, a letter in its beak, looks at the moon',
      night,
      at(530, 110, prop.moon(), { scale: 1.3 }),
      on(230, pigeon({ nod: -22, eye: 'up', holds: at(28, 12, prop.letter()) }), { scale: 1.1 }),
    ),
    scene(
      'The customer waits for the phase of the moon',
      night,
      at(530, 90, prop.moon()),
      on(150, prop.door('ok')),
      on(330, person({ look: 'down', mouth: 'frown', arms: 'hold', holds: at(16, -22, prop.clock(9, 0, 34)) }), {
        scale: 1.15,
      }),
    ),
    scene(
      'Somebody has sent every late request twice: now there is no carrier left to be late',
      night,
      ...[0, 1, 2, 3, 4].map((one) =>
        at(
          96 + one * 116,
          150 + (one % 2) * 130,
          pigeon({ wing: 'spread', legs: 'dangle', eye: one % 2 ? 'wide' : 'out', holds: at(28, 12, prop.letter()) }),
          {
            scale: 0.62,
            turn: one % 2 ? 16 : -22,
            flip: one > 2,
          },
        ),
      ),
    ),
  ],

  '07': [
    scene(
      'The pigeon serves its customers, one after the other',
      day,
      behind(150, { eye: 'happy' }),
      queue(334, 100, [
        { arms: 'point', mouth: 'smile' },
        { coat: 'ok', hat: 'bun' },
        { coat: 'sky', hat: 'none' },
      ]),
    ),
    scene(
      'Somebody with a stack of letters up to the ceiling pushes in',
      day,
      behind(150, { eye: 'wide' }),
      queue(496, 88, [{ look: 'wide' }, { coat: 'ok', hat: 'bun', look: 'wide', mouth: 'frown' }]),
      on(
        388,
        person({ coat: 'failed', hat: 'none', arms: 'hold', mouth: 'smile', look: 'happy', holds: letters(11) }),
        { flip: true },
      ),
    ),
    scene(
      'The sign says fifty a second, for everybody together; the one with the stack has had them all',
      day,
      at(510, 58, prop.sign('50 / s', 'yellow', 150, 38)),
      behind(150, { eye: 'out', nod: 10 }, 220),
      on(262, at(0, -104, letters(10))),
      on(388, person({ coat: 'failed', hat: 'none', mouth: 'smile', look: 'happy', arms: 'point' }), { flip: true }),
      queue(496, 88, [{ look: 'up' }, { coat: 'ok', hat: 'bun', look: 'bored', mouth: 'frown' }]),
    ),
    scene(
      'Who wanted one stamp gets a 429',
      day,
      ...[{}, { coat: 'ok', hat: 'bun' } as const, { coat: 'sky', hat: 'none' } as const].map((one, i) => {
        const sign = at(24, -24, prop.sign('429', 'yellow', 96, 36))
        return on(84 + i * 196, person({ ...one, look: 'down', mouth: 'frown', arms: 'hold', holds: sign }), {
          scale: 1.1,
        })
      }),
    ),
  ],

  '08': [
    scene(
      'Nine o’clock, an open door, ten clerks, and a newsletter has gone out',
      day,
      at(470, 52, prop.clock(9, 0, 38)),
      clerks({ eye: 'happy' }),
      on(470, prop.door('ok', true)),
      on(590, person({ mouth: 'smile', arms: 'hold', holds: prop.letter() }), { flip: true, scale: 0.9 }),
    ),
    scene(
      'Nobody is at the door to say no, so everybody comes in',
      day,
      clerks({ eye: 'wide' }),
      ...[0, 1].map((row) => at(0, (row - 1) * 40, queue(330 + row * 20, 56, upset(customers), 0.7))),
    ),
    scene(
      'The clerks work as fast as ever, buried; each answer is for somebody who has left',
      day,
      at(560, 64, prop.clock(9, 40)),
      on(270, pigeon({ open: true, holds: at(28, 12, prop.letter()), eye: 'bored' })),
      ...heap(240),
      on(556, prop.gone()),
    ),
    scene(
      'Who has left stands outside, and asks again',
      day,
      on(150, prop.door('ok', true)),
      queue(330, 100, [
        { arms: 'hold', holds: prop.letter(), look: 'bored' },
        { coat: 'ok', hat: 'bun', arms: 'hold', holds: prop.letter(), look: 'bored' },
        { coat: 'sky', hat: 'none', arms: 'hold', holds: prop.letter(), look: 'bored' },
      ]),
      ...[0, 1, 2].map((one) => at(310 + one * 104, 112, prop.says('?', 36))),
    ),
  ],

  '09': [
    scene(
      'Eight o’clock, a newsletter has gone out, and the price of its parcel hangs above the counter for all to read',
      night,
      at(560, 64, prop.clock(8, 0)),
      at(160, 70, prop.sign('5.90', 'yellow', 130, 44)),
      behind(150, { eye: 'closed', nod: 24 }),
      queue(330, 92, [
        { look: 'up', mouth: 'smile' },
        { coat: 'ok', hat: 'bun', look: 'up', mouth: 'smile' },
        { coat: 'sky', hat: 'none', look: 'happy', mouth: 'smile' },
      ]),
    ),
    scene(
      'A minute later the price is torn off for its age, and everybody asks the pigeon at once',
      night,
      at(580, 64, prop.clock(8, 1)),
      at(160, 62, line('M-60 -22V22M60 -22V22', 'slate')),
      behind(150, { eye: 'wide', nod: -10 }),
      at(64, GROUND - 20, prop.sign('5.90', 'grey', 110, 38), { turn: -24 }),
      ...[0, 1].map((row) => at(0, (row - 1) * 40, queue(330 + row * 20, 56, upset(customers), 0.7))),
    ),
    scene(
      'The pigeon is in perfect health, and answers one in three',
      night,
      on(190, pigeon({ open: true, eye: 'bored', holds: at(28, 12, prop.letter()) })),
      ...heap(160),
      queue(440, 84, [
        { mouth: 'smile', arms: 'hold', holds: prop.letter() },
        { coat: 'ok', hat: 'bun', look: 'bored', mouth: 'frown' },
        { coat: 'failed', hat: 'none', look: 'bored', mouth: 'frown' },
      ]),
    ),
    scene(
      'At 20:03 the pigeon really is dead, and nobody can tell the difference',
      night,
      at(560, 64, prop.clock(8, 3)),
      on(150, fallen()),
      queue(400, 92, [
        { look: 'bored' },
        { coat: 'ok', hat: 'bun', look: 'bored' },
        { coat: 'failed', hat: 'none', look: 'closed' },
      ]),
    ),
  ],

  '10': [
    scene(
      'Ten to midnight: the carriers are awake, and have nothing to do',
      night,
      time(11, 50),
      ...[0, 1, 2].map((one) => at(150 + one * 170, 0, behind(70, { eye: 'happy' }, 110))),
    ),
    scene(
      'A customer with one parcel stands behind a cart with two hundred letters; the counters beside them are empty',
      night,
      time(11, 51),
      behind(120, { eye: 'wide' }),
      on(300, prop.cart()),
      on(424, person({ coat: 'failed', hat: 'none', arms: 'point', look: 'happy', mouth: 'smile' }), { flip: true }),
      on(540, person({ arms: 'hold', holds: prop.parcel(50, 40), look: 'bored', mouth: 'frown' }), { flip: true }),
    ),
    scene(
      'One letter after the other goes over one counter; the customer has left, and their parcel is on the floor',
      night,
      time(11, 54),
      behind(120, { eye: 'bored', open: true, holds: at(28, 12, prop.letter()) }),
      on(300, prop.cart()),
      on(424, person({ coat: 'failed', hat: 'none', arms: 'point', look: 'happy', mouth: 'smile' }), { flip: true }),
      on(540, prop.gone()),
      on(592, prop.parcel(50, 40)),
    ),
    scene(
      'Somebody has hired more carriers; they stand behind the counters, and look at each other',
      night,
      time(0, 5),
      ...[0, 1, 2, 3].map((one) => at(96 + one * 132, 0, behind(70, { eye: one % 2 ? 'open' : 'wide' }, 90))),
    ),
  ],

  '11': [
    scene(
      'Pelican has been out of reach all day; its pouch is full of letters, and it is in a good mood',
      day,
      time(2, 10),
      on(200, bird('pelican', { eye: 'happy', open: true, holds: at(28, 12, prop.letter()) }), { scale: 1.1 }),
      on(330, letters(9)),
      on(440, letters(9)),
      on(550, letters(9)),
    ),
    scene(
      'The pigeon carries one letter over to the shelf; beside it is a cart with a hundred thousand others',
      day,
      time(2, 11),
      on(130, pigeon({ eye: 'open', holds: at(28, 12, prop.letter()) })),
      on(330, prop.cart()),
      on(540, prop.door('partial', true)),
    ),
    scene(
      'Customers call from the counter; the pigeon does not hear them before it has carried the cart',
      day,
      on(120, pigeon({ eye: 'back', holds: at(28, 12, prop.letter()) }), { flip: true }),
      on(290, prop.cart()),
      queue(430, 84, [
        { look: 'wide', mouth: 'frown' },
        { coat: 'ok', hat: 'bun', look: 'bored', mouth: 'frown' },
        { coat: 'failed', hat: 'none', look: 'wide', mouth: 'frown' },
      ]),
      ...[0, 1, 2].map((one) => at(436 + one * 84, 112, prop.says('?', 36))),
    ),
    scene(
      'Somebody took the pigeon for dead and has put another one in its place; pelican begins again with the first letter',
      day,
      on(110, fallen()),
      on(280, pigeon({ eye: 'wide' })),
      on(500, bird('pelican', { eye: 'happy', open: true, holds: at(28, 12, prop.letter()) }), { flip: true }),
      on(390, letters(9)),
    ),
  ],

  '12': [
    scene(
      'Twenty to four: the pigeon is away, and a clerk puts each customer’s parcel into a box, and says that all is well',
      night,
      time(3, 40),
      on(150, bird('kestrel', { eye: 'happy' }), { scale: 0.8 }),
      on(80, prop.counter(150)),
      on(286, prop.crate(3)),
      queue(400, 92, [
        { arms: 'hold', holds: prop.parcel(50, 40), mouth: 'smile' },
        { coat: 'ok', hat: 'bun', arms: 'hold', holds: prop.parcel(50, 40), mouth: 'smile' },
        { coat: 'sky', hat: 'none', mouth: 'smile' },
      ]),
    ),
    scene(
      'A minute later there is another clerk; the box stands where it stood, and has nothing in it',
      night,
      time(3, 41),
      on(150, bird('albatross', { eye: 'wide' }), { scale: 0.8 }),
      on(80, prop.counter(150)),
      on(330, prop.crate(0), { scale: 1.3 }),
      at(330, 150, prop.sign('0 bytes', 'white', 150)),
    ),
    scene(
      'Everybody holds a receipt, and nobody knows what for',
      night,
      on(110, bird('albatross', { eye: 'up' }), { scale: 0.8 }),
      queue(280, 92, [
        { arms: 'hold', holds: receipt, look: 'wide', mouth: 'frown' },
        { coat: 'ok', hat: 'bun', arms: 'hold', holds: receipt, look: 'wide', mouth: 'frown' },
        { coat: 'sky', hat: 'none', arms: 'hold', holds: receipt, look: 'wide', mouth: 'frown' },
        { coat: 'failed', arms: 'hold', holds: receipt, look: 'wide', mouth: 'frown' },
      ]),
    ),
    scene(
      'At five to four the pigeon is back; all that was found is thrown at it at once, and it falls',
      night,
      time(3, 55),
      on(200, fallen()),
      ...[0, 1, 2, 3, 4, 5].map((i) =>
        at(330 + (i % 3) * 92, 110 + Math.floor(i / 3) * 84, prop.letter(), { turn: -20 + 17 * i }),
      ),
      ...[0, 1].map((i) => at(310 + i * 92, 236, prop.motion('white'), { flip: true })),
    ),
  ],
}

/** Ten of them at their desks, in two rows. */
function clerks(pose: Parameters<typeof pigeon>[0]): string {
  const row = (y: number) =>
    [0, 1, 2, 3, 4]
      .map(
        (i) =>
          at(66 + i * 76, y, pigeon({ ...pose, legs: 'none' }), { scale: 0.42 }) +
          at(38 + i * 76, y + 28, box(0, -30, 56, 30, 'partial')),
      )
      .join('')
  return row(176) + row(284)
}

function bill(): string {
  return box(-40, -60, 80, 120, 'white', 3) + line('M-24 -38H24M-24 -18H14M-24 2H20', 'slate') + word(6, 44, '€', 34)
}

function bin(): string {
  return (
    shape('M-56 -104H56L42 0H-42Z', 'grey') +
    line('M-22 -80L-16 -22M22 -80L16 -22') +
    box(-64, -116, 128, 18, 'slate', 8)
  )
}

/** Round the head of whoever has fallen. */
function dizzy(): string {
  return prop.stars([-50, 6], [-10, -18], [34, -10], [66, 12])
}
