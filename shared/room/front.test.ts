import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { Board, MAX_PEOPLE } from './board.ts'
import { buildFront } from './front.ts'
import { membershipFor, pathOf } from './membership.ts'
import { tagOf } from './news.ts'

const CODE = 'K7QX3M'
const report = { chapter: '01', green: [1, 2], red: null, hints: 1, quietS: 60 }
const message = { board: null as string | null, chapters: [report] as unknown[] }

function open(now = Date.now) {
  const board = new Board({ now })
  const app = buildFront({ board, code: CODE })
  onTestFinished(() => app.close())
  const to = membershipFor(`http://127.0.0.1/${CODE}`, '')
  const put = (payload: unknown = message, { code = CODE, id = to.id } = {}) =>
    app.inject({
      method: 'PUT',
      url: pathOf({ code, id }),
      headers: { 'content-type': 'application/json' },
      payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
    })
  return { board, app, to, put }
}

test('takes what a laptop tells, and says which board it is', async () => {
  const { board, to, put } = open(() => 1_000_000)
  const answer = await put()
  expect(answer.statusCode).toBe(200)
  expect(answer.json()).toEqual({ board: board.id })
  const person = board.people.get(to.id)!
  expect(person.label, 'no name was typed').toBe(tagOf(to.id))
  expect(person.places.get('01')).toEqual({
    green: new Set([1, 2]),
    red: null,
    hints: 1,
    changedAt: 940_000,
    heardAt: 1_000_000,
  })
})

test('a nickname is the label; all that is told anew takes the place of all that was', async () => {
  const { board, to, put } = open()
  await put({ ...message, name: 'Wren' })
  expect(board.people.get(to.id)!.label).toBe('Wren')
  await put({ board: board.id, chapters: [{ ...report, chapter: '03' }] })
  expect([...board.people.get(to.id)!.places.keys()]).toEqual(['01', '03'])
  await put({ board: null, chapters: [] })
  expect(board.people.get(to.id)).toMatchObject({ label: tagOf(to.id), places: new Map() })
})

test('who tells it of another board, or is not known any more, is asked for all of it', async () => {
  const { board, put } = open()
  expect((await put({ ...message, board: 'another-board' })).statusCode).toBe(409)
  expect((await put({ ...message, board: board.id })).statusCode, 'never heard of').toBe(409)
  expect(board.people.size).toBe(0)
})

test('who has left is gone, and a message that was under way does not bring them back', async () => {
  const { app, board, to, put } = open()
  await put()
  expect((await app.inject({ method: 'DELETE', url: pathOf(to) })).statusCode).toBe(204)
  expect(board.people.size).toBe(0)
  expect((await put()).statusCode).toBe(410)
})

const long = 'x'.repeat(201)
test.for([
  ['no JSON', '{', 400],
  ['nothing', '', 400],
  ['not an object', [], 400],
  ['without chapters', { board: null }, 400],
  ['more than it should say', { ...message, code: 'const secret = 1' }, 400],
  ['more than it should say of a chapter', { ...message, chapters: [{ ...report, path: '/home/me' }] }, 400],
  ['a name that is too long', { ...message, name: 'x'.repeat(25) }, 400],
  ['a name that turns the text around', { ...message, name: 'moor\u202Eeht' }, 400],
  ['a name with a line break', { ...message, name: 'a\nb' }, 400],
  ['a name of blanks', { ...message, name: '   ' }, 400],
  ['a name that nobody can see', { ...message, name: '\u200B\u3164\uFEFF' }, 400],
  ['a name that stands on those above it', { ...message, name: `Z${'\u0301'.repeat(20)}` }, 400],
  ['steps below 1', { ...message, chapters: [{ ...report, green: [0] }] }, 400],
  ['the same step twice', { ...message, chapters: [{ ...report, green: [1, 1] }] }, 400],
  ['a hundred hints a step', { ...message, chapters: [{ ...report, hints: 1e9 }] }, 400],
  ['a quiet week', { ...message, chapters: [{ ...report, quietS: 604_800 }] }, 400],
  ['a long test', { ...message, chapters: [{ ...report, red: long }] }, 400],
  ['a thousand chapters', { ...message, chapters: Array.from({ length: 1_000 }, () => report) }, 413],
] as [string, unknown, number][])('refuses %s', async ([, payload, status]) => {
  const { board, put } = open()
  const answer = await put(payload)
  expect(answer.statusCode, answer.body).toBe(status)
  expect(answer.headers['content-type']).toContain('application/problem+json')
  expect(board.people.size).toBe(0)
})

test('what another edition has is passed over: chapters, steps, and tests by names that are not in our README', async () => {
  const { board, to, put } = open()
  const red = 'Free beer at the bar'
  const chapters = [
    { ...report, chapter: '99' },
    { ...report, green: [1, 29], red },
  ]
  expect((await put({ board: null, chapters })).statusCode).toBe(200)
  const { places } = board.people.get(to.id)!
  expect([...places.keys()]).toEqual(['01'])
  expect(places.get('01'), 'nobody writes on the instructor’s screen').toMatchObject({ green: new Set([1]), red: null })
})

test('who guesses at the code is refused after a while, and all the others behind that address are heard', async () => {
  const { put } = open()
  const statuses: number[] = []
  for (let i = 0; i < 25; i++) statuses.push((await put(message, { code: 'AAAAAA' })).statusCode)
  expect(statuses.slice(0, 20)).toEqual(Array(20).fill(404))
  expect(statuses.slice(20)).toEqual(Array(5).fill(429))
  expect((await put()).statusCode, 'the same address, and the right code').toBe(200)
})

test('each laptop has a limit of its own, though all have one address', async () => {
  const { put } = open()
  const other = membershipFor(`http://127.0.0.1/${CODE}`, '').id
  let answer = await put()
  for (let i = 0; i < 20; i++) answer = await put()
  expect(answer.statusCode).toBe(429)
  expect(Number(answer.headers['retry-after']), 'when to come again').toBeGreaterThanOrEqual(1)
  expect((await put(message, { id: other })).statusCode).toBe(200)
})

test('when all come at once, some are told to come again, and the rest are heard', async () => {
  const { board, put } = open()
  const ids = Array.from({ length: 60 }, () => membershipFor(`http://127.0.0.1/${CODE}`, '').id)
  const answers = await Promise.all(ids.flatMap((id) => Array.from({ length: 10 }, () => put(message, { id }))))
  const refused = answers.filter(({ statusCode }) => statusCode === 503)
  expect(refused.length, 'nobody was refused at the door').toBeGreaterThan(0)
  expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(600 - refused.length)
  for (const { headers } of refused) expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(1)
  expect(board.people.size).toBeGreaterThan(0)
  expect((await put()).statusCode, 'a moment later').toBe(200)
})

test('the room is full at some time, and who is in stays in', async () => {
  const { board, put } = open()
  const body = { board: null, chapters: [] }
  for (let i = 0; i < MAX_PEOPLE; i++)
    board.hear(membershipFor(`http://127.0.0.1/${CODE}`, '').id, { ...body, chapters: [] })
  expect((await put(body)).statusCode).toBe(403)
  expect(board.people.size).toBe(MAX_PEOPLE)
})

test('on the next day, whoever has gone home is on no board', async () => {
  let nowMs = 0
  const { board, put } = open(() => nowMs)
  await put()
  nowMs = 13 * 3_600_000
  await put({ board: board.id, chapters: [] })
  nowMs += 13 * 3_600_000
  await put(message, { id: membershipFor(`http://127.0.0.1/${CODE}`, '').id })
  expect(board.people.size, 'who was heard of in the evening').toBe(2)
  nowMs += 3 * 3_600_000
  await put(message, { id: membershipFor(`http://127.0.0.1/${CODE}`, '').id })
  expect(board.people.size, 'in the morning').toBe(2)
  expect(new Board({ people: board.people, now: () => nowMs + 15 * 3_600_000 }).people.size, 'of a file').toBe(0)
})

test.for([
  ['POST', `/${CODE}/people/x`, 405],
  ['PUT', `/${CODE}/people/short`, 404],
  ['GET', '/', 404],
  ['GET', '/AAAAAA', 404],
  ['GET', '/projector', 404],
] as const)('%s %s is answered by %i', async ([method, url, status]) => {
  const { app } = open()
  expect((await app.inject({ method, url, headers: { host: 'a' } })).statusCode).toBe(status)
})

test('a form of somebody’s page is no message', async () => {
  const { app, to } = open()
  const payload = JSON.stringify(message)
  const headers = { 'content-type': 'text/plain' }
  expect((await app.inject({ method: 'PUT', url: pathOf(to), headers, payload })).statusCode).toBe(415)
})

test('who opens the address in a browser reads how to join', async () => {
  const { app } = open()
  const answer = await app.inject({ url: `/${CODE}`, headers: { host: '10.0.0.5:4100' } })
  expect(answer.body).toContain(`npm run join http://10.0.0.5:4100/${CODE}`)
  for (const url of [`/${CODE.toLowerCase()}`, `/${CODE}?;rm`])
    expect((await app.inject({ url, headers: { host: '10.0.0.5:4100' } })).body).toBe(answer.body)
})

test('a hall of phones behind one address may all open it', async () => {
  const { app } = open()
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const statusOf = async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/${CODE}`, { headers: { connection: 'close' } })
    return answer.text().then(() => answer.status)
  }
  const statuses = await Promise.all(Array.from({ length: 60 }, statusOf))
  expect(statuses).toEqual(Array(60).fill(200))
})
