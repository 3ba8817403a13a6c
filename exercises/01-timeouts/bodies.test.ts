import type { FastifyReply, FastifyRequest } from 'fastify'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { elapse, holdTheClock } from '../../shared/testing/clock.ts'
import { limited } from '../../shared/testing/limited-server.ts'
import { eventually, outcomeOf } from '../../shared/testing/outcome.ts'

// The sockets are real, the clock is not: a limit passes when a test says so.
beforeEach(holdTheClock)

describe('Step 8: Bodies that stall, streams that live', () => {
  const post = 'POST /slow HTTP/1.1\r\nhost: parcel\r\ncontent-type: application/json\r\ncontent-length: 13\r\n\r\n'

  test('cuts off a request body that stalls between two chunks', async () => {
    const { speak } = await limited({ bodyChunkMs: 100 })
    const [socket, closed] = speak(post + '{"gra')
    await eventually(() => socket.bytesWritten > post.length)
    await elapse(200)
    const outcome = await outcomeOf(closed)
    expect(outcome.status, 'bodyChunkMs is over, and the connection is still open').toBe('fulfilled')
    expect(outcome, 'it was closed without a word: the client should hear a 408, and that the connection ends').toEqual(
      {
        status: 'fulfilled',
        value: expect.stringMatching(/^HTTP\/1.1 408 Request Timeout[^]*connection: close/i),
      },
    )
  })

  test('is patient with a body that is slow, but comes', async () => {
    const { speak, entered, answer } = await limited({ bodyChunkMs: 100 })
    const [socket, closed] = speak(post)
    for (const chunk of ['{"gra', 'ms":', '500', '}']) {
      socket.write(chunk)
      await elapse(60)
    }
    const { body } = await entered()
    expect(body, 'the limit is for the pause between chunks, not for the whole body').toEqual({ grams: 500 })
    // The other side of the same coin, so that patience alone is not enough.
    const [idler, cut] = speak(post + '{"gra')
    await eventually(() => idler.bytesWritten > post.length)
    await elapse(200)
    answer('welcome')
    socket.write('GET /nowhere HTTP/1.1\r\nhost: parcel\r\nconnection: close\r\n\r\n')
    expect(await outcomeOf(closed), 'the body is there, and the handler has all of handlerMs').toMatchObject({
      value: expect.stringMatching(/200 OK[^]*404 Not Found/),
    })
    expect((await outcomeOf(cut)).status, 'patience has an end: bodyChunkMs').toBe('fulfilled')
  })

  test('lets a stream outlive the handler limit, and only a stream', async () => {
    const { get, entered } = await limited({ handlerMs: 200 }, (app) => {
      app.get('/events', { config: { handlerMs: Infinity } }, async (request, reply) => {
        reply.hijack()
        reply.raw.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: picked up\n\n')
        setTimeout(() => reply.raw.end(`data: delivered, ${request.abortSignal.aborted}\n\n`), 1_000)
      })
    })
    const events = outcomeOf(get('/events'), 100)
    const slow = outcomeOf(get('/slow'), 100)
    await entered()
    await elapse(1_100)
    expect(await events, 'config.handlerMs on a route replaces the limit of the server').toMatchObject({
      value: { status: 200, body: 'data: picked up\n\ndata: delivered, false\n\n' },
    })
    expect(await slow, 'a route without one keeps the limit').toMatchObject({ value: { status: 504 } })
  })
})

describe('Step 9: When the answer has begun', () => {
  test('breaks the connection instead of writing a 504 into the body', async () => {
    const { speak } = await limited({ handlerMs: 200 }, (app) => {
      app.get('/report', async (_, reply) => {
        reply.hijack()
        reply.raw.writeHead(200, { 'content-length': '1000' }).write('line 1\n')
      })
    })
    const [socket, closed] = speak('GET /report HTTP/1.1\r\nhost: parcel\r\n\r\n')
    await eventually(() => socket.bytesRead > 0)
    await vi.advanceTimersByTimeAsync(200)
    const outcome = await outcomeOf(closed)
    expect(outcome, 'handlerMs is over, the answer half written: all that is left is to close').toMatchObject({
      value: expect.stringMatching(/line 1\n$/),
    })
  })

  test('breaks the connection of a handler that has taken over and says nothing', async () => {
    const handler = vi.fn((_: FastifyRequest, reply: FastifyReply) => void reply.hijack())
    const { speak } = await limited({ handlerMs: 200 }, (app) => app.get('/mute', handler))
    const [, closed] = speak('GET /mute HTTP/1.1\r\nhost: parcel\r\n\r\n')
    await eventually(() => handler.mock.calls.length > 0)
    await elapse(200)
    const outcome = await outcomeOf(closed)
    expect(outcome.status, 'after reply.hijack() Fastify sends nothing more, a 504 neither').toBe('fulfilled')
  })
})
