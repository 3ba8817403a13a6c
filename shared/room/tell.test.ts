import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { deadlineAfter } from '../core/deadline.ts'
import { Board } from './board.ts'
import { buildFront } from './front.ts'
import { membershipFor } from './membership.ts'
import type { Message, Standing, Told } from './news.ts'
import { NoBoardError, tell } from './tell.ts'

const CODE = 'K7QX3M'
const SINCE = '2026-03-02T09:00:00.000Z'
/** Five minutes later. */
const now = () => Date.parse(SINCE) + 300_000
const standing = (chapter: string, green: number[], more: Partial<Standing> = {}): Standing => ({
  chapter,
  green,
  red: null,
  hints: 0,
  since: SINCE,
  ...more,
})

/** A laptop that knows this, and what it remembers. */
function laptopThatKnows(...standings: Standing[]) {
  let told: Told = { chapters: {} }
  return { all: standings, standings: () => standings, told: () => told, keep: (it: Told) => void (told = it) }
}

async function listen(handler: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/${CODE}`
}

/** A board, and every message that has come to it, with its answer's status. */
async function openBoard() {
  const heard: { message: Message; status: number }[] = []
  const open = async (port: number) => {
    const board = new Board({ now })
    const app = buildFront({ board, code: CODE })
    app.addHook('onResponse', async ({ body }, { statusCode }) => {
      heard.push({ message: body as Message, status: statusCode })
    })
    return { board, app, origin: await app.listen({ host: '127.0.0.1', port }) }
  }
  let { board, app, origin } = await open(0)
  onTestFinished(() => app.close())
  return {
    to: membershipFor(`${origin}/${CODE}`, ''),
    heard,
    board: () => board,
    async beginAnew() {
      await app.close()
      ;({ board, app, origin } = await open(Number(new URL(origin).port)))
    },
  }
}

const options = (ms = 5_000) => ({ deadline: deadlineAfter(ms), now, random: () => 0 })

test('tells all that it knows at first, and then only what has changed', async () => {
  const { to, heard } = await openBoard()
  const laptop = laptopThatKnows(standing('01', [1, 2]), standing('02', []))
  await tell(to, laptop, options())
  expect(heard.map(({ message }) => message)).toEqual([
    {
      board: null,
      chapters: [
        { chapter: '01', green: [1, 2], red: null, hints: 0, quietS: 300 },
        { chapter: '02', green: [], red: null, hints: 0, quietS: 300 },
      ],
    },
  ])
  laptop.all[1] = standing('02', [1])
  await tell(to, laptop, options())
  expect(heard[1]!.message.chapters.map(({ chapter }) => chapter)).toEqual(['02'])
})

test('never tells the same thing twice', async () => {
  const { to, heard } = await openBoard()
  const laptop = laptopThatKnows(standing('01', [1]))
  for (let i = 0; i < 3; i++) await tell(to, laptop, options())
  expect(heard).toHaveLength(1)
})

test('when the board has begun anew, which its answer says, all of it is told once', async () => {
  const { to, heard, board, beginAnew } = await openBoard()
  const laptop = laptopThatKnows(standing('01', [1]), standing('03', [1, 2, 3]))
  await tell(to, laptop, options())
  await beginAnew()
  laptop.all[0] = standing('01', [1, 2])
  await tell(to, laptop, options())
  expect(
    heard.map(({ status }) => status),
    'refused, and then all of it',
  ).toEqual([200, 409, 200])
  expect(heard[2]!.message.chapters.map(({ chapter }) => chapter)).toEqual(['01', '03'])
  const [person] = board().people.values()
  expect([...person!.places.keys()], 'the new board knows what the old one knew').toEqual(['01', '03'])
  await tell(to, laptop, options())
  expect(heard).toHaveLength(3)
})

test('who has nothing new asks after a while, so that a board that has begun anew knows who is stuck, too', async () => {
  const { to, heard, board, beginAnew } = await openBoard()
  const laptop = laptopThatKnows(standing('01', [1]))
  await tell(to, laptop, options())
  await beginAnew()
  await tell(to, laptop, options())
  expect(heard, 'a moment later').toHaveLength(1)
  const later = () => now() + 300_000
  await tell(to, laptop, { ...options(), now: later })
  expect(heard.map(({ message, status }) => [message.chapters.length, status])).toEqual([
    [1, 200],
    [0, 409],
    [1, 200],
  ])
  expect(board().people.size).toBe(1)
  await tell(to, laptop, { ...options(), now: later })
  expect(heard, 'it has answered').toHaveLength(3)
})

test('a board that is busy is asked again, with what is known by then', async () => {
  const bodies: Message[] = []
  const laptop = laptopThatKnows(standing('01', [1]))
  const address = await listen(async (request, response) => {
    bodies.push(JSON.parse((await request.toArray()).join('')) as Message)
    if (bodies.length < 3) {
      laptop.all[0] = standing('01', [1, 2])
      response.writeHead(503).end()
    } else response.end('{"board":"the-board"}')
  })
  await tell(membershipFor(address, ''), laptop, options())
  expect(bodies.map(({ chapters }) => chapters[0]!.green)).toEqual([[1], [1, 2], [1, 2]])
  expect(laptop.told().board).toBe('the-board')
})

test('after three failures it leaves the board alone for a while, and gives up before it would be late', async () => {
  let asked = 0
  const address = await listen((_request, response) => {
    asked++
    response.writeHead(500).end()
  })
  const laptop = laptopThatKnows(standing('01', [1]))
  const error = await tell(membershipFor(address, ''), laptop, options()).catch((it: unknown) => it)
  expect(error).toMatchObject({ code: 'RETRY_EXHAUSTED', stoppedBy: 'deadline' })
  expect(asked).toBe(3)
  expect(laptop.told(), 'nothing counts as told').toEqual({ chapters: {} })
})

test.for([
  ['a login page', '<html>Which room?</html>'],
  ['another program', '{"hello":"world"}'],
  ['nothing', ''],
])('%s that answers is no board, and is not asked twice', async ([, body]) => {
  let asked = 0
  const address = await listen((_request, response) => {
    asked++
    response.end(body)
  })
  const laptop = laptopThatKnows(standing('01', [1]))
  await expect(tell(membershipFor(address, ''), laptop, options())).rejects.toThrow(NoBoardError)
  expect(asked).toBe(1)
})

test('a wrong code is not tried again', async () => {
  const { to, heard } = await openBoard()
  const error = await tell({ ...to, code: 'AAAAAA' }, laptopThatKnows(standing('01', [])), options()).catch(
    (it: unknown) => it,
  )
  expect(error).toMatchObject({ status: 404 })
  expect(heard).toHaveLength(1)
})
