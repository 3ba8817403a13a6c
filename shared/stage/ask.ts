import { Agent, request } from 'undici'

/** Somebody waits for it; on this machine an answer takes some milliseconds. */
const LIMIT_MS = 1000
const MAX_BYTES = 100_000

/**
 * What a server on this machine answers; undefined when none does in time, or not in JSON: anybody may listen on a port.
 *
 * @param limitMs for all of the answer
 */
export async function askJson(url: string, limitMs = LIMIT_MS) {
  const client = new Agent({ maxResponseSize: MAX_BYTES })
  try {
    const { headers, body } = await request(url, { dispatcher: client, signal: AbortSignal.timeout(limitMs) })
    return { headers, json: await body.json() }
  } catch {
    return undefined
  } finally {
    await client.destroy()
  }
}
