import { causesOf, ResponseError, TimeoutError } from '../core/errors.ts'
import { NoBoardError } from './tell.ts'

const NOT_SEEN = new Set([
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
])
const UNKNOWN = new Set(['ENOTFOUND', 'EAI_AGAIN'])
/** Of TLS, that is answered by something else. */
const NO_TLS = /^(ERR_SSL_|EPROTO$)/

/** Why the board was not reached, and what works instead, in a sentence. */
export function wordsFor(error: unknown, origin: string, platform = process.platform): string {
  const { host, hostname } = new URL(origin)
  const causes = [...causesOf(error)]
  const codes = causes.map((cause) => String((cause as NodeJS.ErrnoException).code))
  const answer = causes.find((cause) => cause instanceof ResponseError)
  if (answer && !isElsewhere(answer.status)) return wordsForStatus(answer.status)
  if (answer || causes.some((cause) => cause instanceof NoBoardError))
    return `At ${host} there is something else than the board: a login page, or another program. Is the address right?`
  if (codes.some((code) => NO_TLS.test(code)))
    return `At ${host} nobody speaks https: the board's address begins with http://.`
  // macOS lets Terminal in; to an editor's, unless somebody has allowed it, nobody else in the network is there.
  if (platform === 'darwin' && codes.includes('EHOSTUNREACH'))
    return (
      `This Mac does not let us see ${hostname}: System Settings, Privacy & Security, Local Network has a switch for the ` +
      'program that this terminal is in; or join in Terminal. If it is on, the network keeps its guests apart: a hotspot, or hands.'
    )
  if (codes.includes('ECONNREFUSED'))
    return `Nobody listens at ${host}: does "npm run room" run there, and is this the address that it shows?`
  if (codes.some((code) => UNKNOWN.has(code)))
    return `This network does not know the name ${hostname}: use the board's address in numbers.`
  if (causes.some((cause) => cause instanceof TimeoutError) || codes.some((code) => NOT_SEEN.has(code)))
    return (
      `This laptop does not see ${hostname}; many networks keep their guests apart. What works is all of you on one ` +
      "phone's hotspot, or hands, as before."
    )
  return `The board was not reached: ${(causes.at(-1) as Error).message}`
}

/** A board sends nobody elsewhere: that is a network that wants to be logged in to (511: RFC 6585). */
const isElsewhere = (status: number) => (status >= 300 && status < 400) || status === 511

function wordsForStatus(status: number): string {
  if (status === 404) return 'There is no room of that code: type it once more, as the board shows it now.'
  if (status === 403) return 'The room is full.'
  if (status === 410) return 'This laptop has left the board: join it once more.'
  if (status === 429 || status === 503) return 'The board has too much to do: try again in a minute.'
  return `The board does not understand this copy of the workshop (${status}): "git pull" may help.`
}
