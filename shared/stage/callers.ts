import { timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { Refusal } from '../carriers/http.ts'

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]']

/** Whether others than this machine reach whoever listens there. */
export const isBeyondLoopback = (host: string): boolean => !LOOPBACK.includes(host) && host !== '::1'

/**
 * Refuses whoever comes by way of a page of another site: that one can make a browser call this port by a name of its
 * own, which it points at 127.0.0.1 (DNS rebinding), or from a script of its own, which has another origin.
 *
 * @param host that the page was told to listen on: beyond loopback, its own name and addresses in numbers are right too,
 *   as those are nobody's to point elsewhere
 * @throws Refusal 403
 */
export function checkCaller({ host = '', origin }: IncomingHttpHeaders, listensOn: string): void {
  const url = URL.parse(`http://${host}`)
  const name = url?.hostname ?? ''
  const isAddress = isIP(name.replace(/^\[|\]$/g, '')) > 0
  if (!LOOPBACK.includes(name) && !(isBeyondLoopback(listensOn) && (name === listensOn || isAddress))) {
    throw new Refusal(403, `Not by the name of ${host || 'nobody'}: use http://127.0.0.1 and the port`)
  }
  if (origin !== undefined && URL.parse(origin)?.host !== url?.host) {
    throw new Refusal(403, `Not for pages of ${origin}: only the Lab's own`)
  }
}

/**
 * Refuses whoever does not know what `npm start` has printed: beyond loopback, a whole room can reach the Lab.
 *
 * @throws Refusal 403
 */
export function checkToken({ authorization = '' }: IncomingHttpHeaders, token: string): void {
  const [said, wanted] = [authorization, `Bearer ${token}`].map((text) => Buffer.from(text))
  if (said!.length === wanted!.length && timingSafeEqual(said!, wanted!)) return
  throw new Refusal(403, 'Only for whoever has the whole address that "npm start" printed')
}
