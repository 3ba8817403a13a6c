import { join } from 'node:path'
import { Readable } from 'node:stream'
import { Client } from 'undici'
import { startFleet } from '../carriers/fleet.ts'
import { sleep } from '../core/sleep.ts'
import { temporaryFolder } from '../stage/temporary.ts'
import { ask, probe, scanLine } from './client.ts'
import { type ParcelProcess, startParcel } from './process.ts'
import { metric, total } from './subject.ts'

export interface UploadOptions {
  megabytes: number
  /** What DATABASE_URL says; a file of its own, by default. */
  databaseUrl?: string
}

export interface UploadResult {
  lines: number
  stored: number
  known: number
  refused: number
  seconds: number
  /** What Parcel held in memory at most and at least, once it was under way. */
  residentMb: { least: number; most: number }
  /** What had been sent, but was not written yet, at most. */
  aheadMb: number
  /** The longest that somebody else waited for `/livez` meanwhile. */
  probeMs: number
  /** The lines that were done when Parcel was told to end in the middle of another upload. */
  cut: number
  complaints: string[]
}

interface Answer {
  lines: number
  stored: number
  known: number
  refused: { line: number; reason: string }[]
  refusedCount: number
}

const MB = 2 ** 20
const CHUNK_LINES = 500
/** In each chunk, the one before again, and what is none: a day that there is not, and half a line of JSON. */
const [AGAIN, NO_DAY, HALF] = [7, 100, 300]
const EVERY_MS = 250
const PATIENCE_MS = 10_000
/** Under way: what is compiled and allocated once is there. */
const WARM = 0.2
const FLAT_MB = 64
/** What Node takes for its heap in a container of 512 MB, as the manifests have it: with more, it collects garbage later. */
const HEAP = '--max-old-space-size=256'
/** Buffers of both sockets, and of both streams: what is beyond them waits in somebody's memory. */
const AHEAD_MB = 16
/** Of the second upload, which is told to end in its middle. */
const CUT_MB = 8

/** As long as there is a reader: nothing is made before it is asked for, and nothing kept. */
function* upload(name: string, megabytes: number, sent: { bytes: number; lines: number }): Generator<Buffer> {
  for (let chunk = 0; sent.bytes < megabytes * MB; chunk++) {
    const lineOf = (n: number) => scanLine(`pelican-${name}-${chunk}`, n)
    const lines = Array.from({ length: CHUNK_LINES }, (_, n) => lineOf(n))
    lines[AGAIN] = lineOf(AGAIN - 1)
    lines[NO_DAY] = lineOf(NO_DAY).replace('2026-02-28', '2026-02-30')
    lines[HALF] = lineOf(HALF).slice(0, 40)
    const bytes = Buffer.from(`${lines.join('\n')}\n`)
    sent.bytes += bytes.length
    sent.lines += CHUNK_LINES
    yield bytes
  }
}

const expected = (lines: number): Omit<Answer, 'refused'> => {
  const chunks = lines / CHUNK_LINES
  return { lines, stored: lines - 3 * chunks, known: chunks, refusedCount: 2 * chunks }
}

/**
 * Sends Parcel more scans than it could hold, as fast as it takes them, and looks at it from outside; then tells it to end in
 * the middle of another upload, and goes on where it says that it was.
 */
export async function uploads({ megabytes, databaseUrl }: UploadOptions): Promise<UploadResult> {
  const disk = temporaryFolder()
  const url = databaseUrl ?? `sqlite:${join(disk.path, 'scans.db')}`
  const env = { DATABASE_URL: url, DRAIN_DELAY_MS: '0', NODE_OPTIONS: HEAP }
  const fleet = await startFleet({ seed: 1 })
  let parcel = await startParcel(fleet.carriers, env)
  // Unlike any before it, also in a database that was there already.
  const name = `${process.pid.toString(36)}x${Date.now().toString(36)}`
  try {
    const long = await longUpload(parcel, `${name}a`, megabytes)
    const { cut, complaints } = await cutUpload(parcel, `${name}b`)
    const { end, stderr } = await parcel.exited
    if (end !== 0) complaints.push(`told to end, Parcel ended with ${end}: ${stderr}`)
    complaints.push(...parcel.errors)
    parcel = await startParcel(fleet.carriers, env)
    complaints.push(...(await resume(parcel, `${name}b`, cut)))
    return { ...long, cut: cut.lines, complaints: [...long.complaints, ...complaints] }
  } finally {
    parcel.kill('SIGKILL')
    await parcel.exited
    await fleet.close()
    disk.remove()
  }
}

async function send(
  { origin }: ParcelProcess,
  body: Iterable<Buffer> | AsyncIterable<Buffer>,
): Promise<{ status: number; answer: Answer }> {
  const client = new Client(origin, { headersTimeout: 0, bodyTimeout: 0 })
  try {
    const { statusCode, body: told } = await client.request({
      method: 'POST',
      path: '/scans',
      headers: { 'content-type': 'application/x-ndjson' },
      body: Readable.from(body, { highWaterMark: 1 }),
    })
    return { status: statusCode, answer: (await told.json()) as Answer }
  } finally {
    await client.destroy()
  }
}

async function longUpload(parcel: ParcelProcess, name: string, megabytes: number) {
  const sent = { bytes: 0, lines: 0 }
  const complaints: string[] = []
  const seen = { residentMb: [] as number[], aheadMb: 0, probeMs: 0 }
  const over = new AbortController()
  const watching = (async () => {
    const client = new Client(parcel.origin)
    try {
      while (!over.signal.aborted) {
        const askedAt = performance.now()
        await ask(client, probe('livez'), PATIENCE_MS)
        seen.probeMs = Math.max(seen.probeMs, performance.now() - askedAt)
        const { body } = await ask(client, probe('metrics'), PATIENCE_MS)
        // The store knows of no line that is none: they are few, and let it seem further ahead than it is.
        const written = total(metric(body, 'parcel_scans_total')) * (sent.bytes / sent.lines || 0)
        seen.aheadMb = Math.max(seen.aheadMb, (sent.bytes * (1 - 2 / CHUNK_LINES) - written) / MB)
        if (sent.bytes > WARM * megabytes * MB)
          seen.residentMb.push(total(metric(body, 'process_resident_memory_bytes')) / MB)
        await sleep(EVERY_MS, over.signal).catch(() => {})
      }
    } finally {
      await client.destroy()
    }
  })()
  const startedAt = performance.now()
  const { status, answer } = await send(parcel, upload(name, megabytes, sent)).finally(() => over.abort())
  const seconds = (performance.now() - startedAt) / 1000
  await watching

  const { refused, ...counts } = answer
  if (status !== 200) complaints.push(`the upload got ${status}: ${JSON.stringify(answer).slice(0, 300)}`)
  // A statement whose answer was late is sent again, and finds what it has written itself: stored, and told as known.
  const again = Math.max(0, counts.known - expected(sent.lines).known)
  const once = { ...counts, stored: counts.stored + again, known: counts.known - again }
  if (JSON.stringify(once) !== JSON.stringify(expected(sent.lines)))
    complaints.push(
      `of ${sent.lines} lines, ${JSON.stringify(counts)} is told, and ${JSON.stringify(expected(sent.lines))} is so`,
    )
  const wrong = refused.filter(({ line }) => ![NO_DAY, HALF].includes((line - 1) % CHUNK_LINES))
  if (wrong.length > 0) complaints.push(`refused, and in order: ${JSON.stringify(wrong.slice(0, 3))}`)
  const [least, most] = [Math.min(...seen.residentMb), Math.max(...seen.residentMb)]
  if (!(most - least <= FLAT_MB)) complaints.push(`memory went from ${least.toFixed()} to ${most.toFixed()} MB`)
  if (seen.aheadMb > AHEAD_MB) complaints.push(`the sender was ${seen.aheadMb.toFixed()} MB ahead of the store`)
  const { lines, stored, known, refusedCount } = answer
  const { aheadMb, probeMs } = seen
  return {
    lines,
    stored,
    known,
    refused: refusedCount,
    seconds,
    residentMb: { least, most },
    aheadMb,
    probeMs,
    complaints,
  }
}

async function written({ origin }: ParcelProcess): Promise<number> {
  const answer = await fetch(`${origin}/metrics`)
  return total(metric(await answer.text(), 'parcel_scans_total'))
}

/** @returns what Parcel says of an upload in the middle of which it was told to end */
async function cutUpload(parcel: ParcelProcess, name: string): Promise<{ cut: Answer; complaints: string[] }> {
  const sent = { bytes: 0, lines: 0 }
  const before = await written(parcel)
  async function* body() {
    yield* upload(name, CUT_MB / 2, sent)
    // A busy store may have begun with none of it.
    while ((await written(parcel)) === before) await sleep(EVERY_MS)
    parcel.kill('SIGTERM')
    yield* upload(name, CUT_MB, sent)
  }
  const { status, answer } = await send(parcel, body())
  const complaints = status === 503 ? [] : [`an upload that the end of Parcel cut got ${status}`]
  if (!(answer.lines > 0)) complaints.push('an upload that was cut does not tell how far it came')
  return { cut: answer, complaints }
}

/** Sends the lines that were not done, and then all of them. @returns what is wrong */
async function resume(parcel: ParcelProcess, name: string, cut: Answer): Promise<string[]> {
  const sent = { bytes: 0, lines: 0 }
  function* rest() {
    let skip = cut.lines
    for (const chunk of upload(name, CUT_MB, sent)) {
      const lines = chunk.toString().split(/(?<=\n)/)
      if (skip < lines.length) yield Buffer.from(lines.slice(skip).join(''))
      skip = Math.max(0, skip - lines.length)
    }
  }
  const { answer: second } = await send(parcel, rest())
  const { answer: all } = await send(parcel, upload(name, CUT_MB, { bytes: 0, lines: 0 }))
  const complaints: string[] = []
  const { refusedCount } = expected(sent.lines)
  if (cut.lines + second.lines !== sent.lines || cut.refusedCount + second.refusedCount !== refusedCount)
    complaints.push(`${cut.lines} and ${second.lines} lines are not the ${sent.lines} that were sent`)
  if (all.stored !== 0 || all.known !== sent.lines - refusedCount)
    complaints.push(`of an upload in two parts, ${all.stored} scans were missing`)
  return complaints
}
