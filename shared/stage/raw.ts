import { connect } from 'node:net'

/** What a caller has got. Header names in lower case. */
export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  /** Of a stream only its beginning. */
  body: string
}

export interface Request {
  method: string
  path: string
  headers: string[]
  body: string
  /** What content-length says in excess of the truth; undefined sends chunks instead. */
  lie: number | undefined
  cuts: number[]
}

/** As it goes over the wire; a character is a byte. */
export function bytesOf({ method, path, headers, body, lie }: Request): string {
  const framing = lie === undefined ? 'transfer-encoding: chunked' : `content-length: ${Math.max(0, body.length + lie)}`
  const lines = [`${method} ${path} HTTP/1.1`, 'host: us', 'connection: close', ...headers]
  if (body || lie) lines.push(framing)
  const chunk = body && `${body.length.toString(16)}\r\n${body}\r\n`
  const payload = lie === undefined && body ? `${chunk}0\r\n\r\n` : body
  return `${lines.join('\r\n')}\r\n\r\n${payload}`
}

/** Bytes for a server, and in how many pieces they come. A byte is a character up to U+00FF. */
export interface Bytes {
  text: string
  /** Where to cut, as a share of the whole. */
  cuts?: number[]
  pauseMs?: number
  /** Answers after which the client hangs up. Default: 1. */
  wanted?: number
  /** Hangs up its own half after the last byte: there is nothing more to wait for. */
  ends?: boolean
}

export interface Heard {
  answers: Answer[]
  /** What came and is no answer. */
  rest: string
  ending: 'enough' | 'closed' | 'patience' | string
}

/** Says bytes to a port, all of them, and listens for answers until there are enough, or the server hangs up. */
export function say(port: number, { text, cuts = [], pauseMs = 0, wanted = 1, ends }: Bytes, patienceMs: number) {
  const bytes = Buffer.from(text, 'latin1')
  const marks = [0, ...cuts.map((cut) => Math.floor(cut * bytes.length)).toSorted((a, b) => a - b), bytes.length]
  const pieces = marks.slice(1).map((mark, index) => bytes.subarray(marks[index], mark))

  return new Promise<Heard>((resolve) => {
    let heard = ''
    const socket = connect(port, '127.0.0.1')
    const finish = (ending: string) => {
      clearTimeout(patience)
      clearTimeout(pause)
      socket.destroy()
      resolve({ ...parse(heard, text), ending })
    }
    const patience = setTimeout(() => finish('patience'), patienceMs)
    let pause: NodeJS.Timeout | undefined
    const send = () => {
      const piece = pieces.shift()
      if (piece) socket.write(piece, () => (pause = setTimeout(send, pauseMs)))
      else if (ends) socket.end()
    }
    socket
      .on('connect', send)
      .on('data', (chunk) => {
        heard += chunk.toString('latin1')
        if (parse(heard, text).answers.length >= wanted) finish('enough')
      })
      .on('error', ({ code }: NodeJS.ErrnoException) => finish(String(code)))
      .on('close', () => finish('closed'))
      .setNoDelay()
  })
}

/** Whole answers from the front of `heard`, and what is left. Of a stream without a length only the head counts. */
function parse(heard: string, said: string): Omit<Heard, 'ending'> {
  const answers: Answer[] = []
  let rest = heard
  for (;;) {
    const [head, status] = /^HTTP\/1\.1 (\d{3}) [^]*?\r\n\r\n/.exec(rest) ?? []
    if (!head) return { answers, rest }
    const headers = Object.fromEntries(
      head
        .split('\r\n')
        .slice(1, -2)
        .map((line) => line.split(/: (.*)/).slice(0, 2))
        .map(([name = '', value]) => [name.toLowerCase(), value]),
    )
    const isEmpty = said.startsWith('HEAD ') || Number(status) < 200 || status === '204'
    const length = isEmpty ? 0 : Number(headers['content-length'] ?? 0)
    if (rest.length < head.length + length) return { answers, rest }
    const body = Buffer.from(rest.slice(head.length, head.length + length), 'latin1').toString()
    rest = rest.slice(head.length + length)
    if (Number(status) >= 200) answers.push({ status: Number(status), headers, body })
  }
}
