import { get } from 'node:http'
import { expect, onTestFinished, test, vi } from 'vitest'
import { eventually, outcomeOf } from '../testing/outcome.ts'
import { Board } from './board.ts'
import { buildDesk } from './desk.ts'
import type { Exercise } from './exercise.ts'
import { html } from './html.ts'

const MINUTE = 60_000

function open() {
  let exercise: Exercise | undefined
  let nowMs = 0
  const app = buildDesk({
    board: new Board({ now: () => nowMs }),
    address: 'http://10.0.0.5:4100/K7QX3M',
    slidesPort: 4000,
    onExercise: (it) => (exercise = it),
  })
  onTestFinished(() => app.close())
  const headers = { host: '127.0.0.1:4101' }
  const get = (url: string, more = {}) => app.inject({ url, headers: { ...headers, ...more } })
  const control = (payload: object, more = {}) =>
    app.inject({ method: 'POST', url: '/control', headers: { ...headers, ...more }, payload })
  return { get, control, exercise: () => exercise, pass: (ms: number) => void (nowMs += ms) }
}

test('an exercise begins, is made longer, also when it is over, and ends', async () => {
  const { control, exercise, pass } = open()
  expect((await control({ exercise: { chapter: '03', minutes: 35 } })).statusCode).toBe(204)
  expect(exercise()).toEqual({ chapter: '03', startedAt: 0, endsAt: 35 * MINUTE })
  await control({ more: 2 })
  expect(exercise()!.endsAt).toBe(37 * MINUTE)
  pass(50 * MINUTE)
  await control({ more: 5 })
  expect(exercise()!.endsAt, 'from now on').toBe(55 * MINUTE)
  await control({ end: true })
  expect(exercise()).toBeUndefined()
  expect((await control({ more: 1 })).json()).toMatchObject({ status: 409, detail: expect.stringMatching(/begin one/) })
})

test.for([
  {},
  { end: false },
  { more: 1e9 },
  { exercise: { chapter: '99', minutes: 5 } },
  { exercise: {} },
  { end: true, more: 1 },
])('%j is no command, and the answer says what is', async (command) => {
  const answer = await open().control(command)
  expect(answer.json()).toMatchObject({ status: 400, detail: expect.stringMatching(/^Expected \{ "exercise"/) })
})

test('a page of somebody else, or by a name of somebody else, gets nothing', async () => {
  const { get, control } = open()
  expect((await get('/', { host: 'evil.example:4101' })).statusCode).toBe(403)
  expect((await control({ end: true }, { origin: 'http://evil.example' })).statusCode).toBe(403)
  expect((await control({ end: true }, { 'content-type': 'text/plain' })).statusCode).toBe(415)
})

test('its pages fetch nothing from elsewhere, and stand in the deck’s frame only', async () => {
  const { get } = open()
  for (const path of ['/', '/projector', '/projector?chapter=03']) {
    const { body, headers, statusCode } = await get(path)
    expect(statusCode).toBe(200)
    const addresses = [...body.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, address]) => address!)
    expect(addresses.filter((address) => !/^\/[\w.-]+$/.test(address))).toEqual([])
    for (const address of addresses) expect((await get(address)).statusCode, address).toBe(200)
    expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self';")
    expect(headers['content-security-policy']).toMatch(
      /frame-ancestors http:\/\/127\.0\.0\.1:4000 http:\/\/localhost:4000$/,
    )
  }
})

test.for(['/state?view=all', '/state', '/state?view=projector&chapter=99', '/projector?chapter=x', '/elsewhere'])(
  'there is no %s',
  async (path) => {
    expect((await open().get(path)).statusCode).toBe(404)
  },
)

test('when there is too much to do, telling goes first: the pictures come five times as rarely', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  const loop = { ms: 0, stop() {} }
  const app = buildDesk({ board: new Board(), address: 'http://10.0.0.5:4100/K7QX3M', slidesPort: 4000, loop })
  onTestFinished(() => app.close())
  const page = await app.listen({ host: '127.0.0.1', port: 0 })
  let pictures = 0
  const reader = get(`${page}/state?view=projector`, (response) => {
    response.setEncoding('utf8').on('data', (text: string) => (pictures += text.match(/^data: /gm)?.length ?? 0))
  })
  onTestFinished(() => void reader.destroy())
  const seen = async (count: number) =>
    expect(await eventually(() => pictures >= count), `${pictures} of ${count}`).toBe(true)
  await seen(1)
  vi.advanceTimersByTime(10_000)
  await seen(11)
  loop.ms = 200
  vi.advanceTimersByTime(10_000)
  await seen(13)
  await outcomeOf(new Promise(() => {}))
  expect(pictures).toBe(13)
})

test('what is put into HTML is text', () => {
  expect(html`<b title="${`"><script>`}">${`<i>&'`}</b>${[html`<i>${`&`}</i>`, html`${1}`]}${undefined}`.text).toBe(
    '<b title="&quot;&gt;&lt;script&gt;">&lt;i&gt;&amp;&#39;</b><i>&amp;</i>1',
  )
})
