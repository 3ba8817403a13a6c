import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Shutdown } from '#chapters/02-graceful-shutdown/shutdown.ts'
import { Pipeline } from '#chapters/11-batching/pipeline.ts'
import { LineTooLongError, linesOf } from '../lines.ts'
import type { EnterDoor } from '../overload.ts'
import { Problem } from '../problems.ts'
import { isBodyOnItsWay } from '../request-body.ts'
import { RefusedScan, Scan, scanOf } from '../scan.ts'
import type { Scans } from '../scans.ts'
import { Uploaded } from '../schemas.ts'

interface Options {
  scans: Scans
  shutdown: Pick<Shutdown, 'signal'>
  enterDoor: EnterDoor
  /** At a time. */
  maxUploads: number
  uploadMs: number
  /** Bytes of a line, at most. */
  lineBytes: number
}

const NDJSON = 'application/x-ndjson'
/** Lines of one upload that wait for their batch, or are in it. */
const CONCURRENCY = 200
/** Refusals that are told each with its reason; of the others there is a number. */
const NAMED = 100
const RETRY_AFTER_S = 1
/** To hear out a body that was answered before its end. Who is cut off in the middle of sending does not read the answer. */
const LINGER_MS = 5000

const schema = {
  summary: 'Writes what couriers have scanned, a line of JSON each',
  consumes: { type: NDJSON, schema: Scan },
  response: { 200: Uploaded },
}

class StoreError extends Error {}

export const scansRoute: FastifyPluginAsyncTypebox<Options> = async (app, options) => {
  const { scans, shutdown, enterDoor, maxUploads, uploadMs, lineBytes } = options
  let uploads = 0
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(NDJSON, (_request, payload, done) => done(null, payload))

  // Node closes the connection with the end of an answer, or not at all: so it ends when the body has.
  app.addHook('onSend', async (request, reply, payload: string) => {
    if (!isBodyOnItsWay(request)) return payload
    reply.header('content-length', Buffer.byteLength(payload))
    return Readable.from(heardOut(payload, request))
  })

  // A place is for a moment, and an upload for an hour: it is let in like others, and gives it back when it begins.
  const admit = async (request: FastifyRequest, reply: FastifyReply) => {
    const pass = await enterDoor(request, 6)
    pass.leave()
    if (reply.raw.closed) return reply.hijack()
    if (uploads >= maxUploads) throw refusal(`There are ${maxUploads} uploads already`)
    // Here, where it was looked at: between two hooks, others are let in.
    uploads++
    reply.raw.once('close', () => uploads--)
  }

  const isItemError = (error: unknown) => error instanceof RefusedScan
  const write = async (scan: Scan, signal: AbortSignal) => {
    try {
      return await scans.add(scan, signal)
    } catch (cause) {
      if (isItemError(cause)) throw cause
      throw new StoreError('The scans cannot be written now', { cause })
    }
  }

  app.post(
    '/scans',
    {
      schema,
      bodyLimit: Number.MAX_SAFE_INTEGER,
      config: { handlerMs: Infinity, urgency: null, isUpload: true },
      onRequest: admit,
    },
    async (request, reply) => {
      const body = request.body as Readable | null
      if (!body) throw new Problem(415, `There is no body of ${NDJSON}`)
      const answer: Uploaded = { lines: 0, stored: 0, known: 0, refused: [], refusedCount: 0 }
      // Not closed with whoever reads it: that would be the connection's end, and nobody's answer.
      const chunks: AsyncIterable<Buffer> = body.iterator({ destroyOnReturn: false })
      const ends = endOf(request, shutdown.signal, uploadMs)
      const pipeline = new Pipeline<Buffer>(linesOf(chunks, lineBytes), ends.signal)
        .stage(scanOf, { isItemError })
        .stage(write, { concurrency: CONCURRENCY, isItemError })
      try {
        for await (const passed of pipeline) {
          answer.lines++
          if (passed.status === 'fulfilled') answer[passed.value]++
          else if (++answer.refusedCount <= NAMED)
            answer.refused.push({ line: passed.index + 1, reason: (passed.reason as RefusedScan).message })
        }
        return answer
      } catch (error) {
        if (reply.raw.closed) return reply.hijack()
        throw early(error, answer, shutdown.signal)
      } finally {
        ends.forget()
      }
    },
  )
}

const refusal = (detail: string, cause?: unknown, extensions = {}) =>
  new Problem(503, detail, { cause, headers: { 'retry-after': RETRY_AFTER_S }, extensions })

/** How an upload ends that does not come to its end: with the number of the lines that are done. */
function early(error: unknown, answer: Uploaded, shutdown: AbortSignal): unknown {
  const extensions = { ...answer }
  const rest = `${answer.lines} lines are done; send the rest again`
  if (error instanceof LineTooLongError) return new Problem(413, `${error.message}; ${rest}`, { extensions })
  if (error instanceof StoreError || error === shutdown.reason || error instanceof UploadTooLong)
    return refusal(`${(error as Error).message}; ${rest}`, error, extensions)
  const { statusCode, message } = (error ?? {}) as { statusCode?: number; message?: string }
  return statusCode === 408 ? new Problem(408, `${message}; ${rest}`, { cause: error, extensions }) : error
}

class UploadTooLong extends Error {}

/** What ends an upload from outside. Not by AbortSignal.any: the shutdown's signal lives as long as the process. */
function endOf({ abortSignal }: FastifyRequest, shutdown: AbortSignal, uploadMs: number) {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(new UploadTooLong(`An upload may take ${uploadMs} ms`)), uploadMs)
  const sources = [abortSignal, shutdown]
  const onAbort = () => controller.abort(sources.find(({ aborted }) => aborted)!.reason)
  for (const source of sources) {
    if (source.aborted) onAbort()
    source.addEventListener('abort', onAbort)
  }
  return {
    signal: controller.signal,
    forget() {
      clearTimeout(timer)
      for (const source of sources) source.removeEventListener('abort', onAbort)
    },
  }
}

/** The answer; and then, for nobody, what is still to come. Who goes on sending for too long is cut off. */
async function* heardOut(answer: string, { raw, body }: FastifyRequest): AsyncGenerator<string> {
  yield answer
  const source = (body as Readable | undefined) ?? raw
  source.on('error', () => {})
  source.removeAllListeners('readable')
  source.resume()
  const timer = setTimeout(() => raw.destroy(), LINGER_MS)
  await finished(raw).catch(() => {})
  clearTimeout(timer)
}
