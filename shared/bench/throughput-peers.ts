// What Parcel is compared to: the same two routes, written with other means. They log what Parcel logs, a line a request.
import Fastify from 'fastify'
import type { Logger } from 'pino'
import { type Dispatcher, Pool } from 'undici'
import type { CarrierConfig, Config } from '../service/config.ts'
import { requestOptions } from '../service/requests.ts'
import { peer } from './report.ts'

interface Reply {
  statusCode: number
  text: string
}
/** How a carrier is asked: whichever of its replicas has the turn. */
type Ask = (path: string) => Promise<Reply>

const inTurn = (replicas: Ask[]): Ask => {
  let turn = 0
  return (path) => replicas[turn++ % replicas.length]!(path)
}

async function exchange(pool: Pool, options: Omit<Dispatcher.RequestOptions, 'method'>): Promise<Reply> {
  const { statusCode, body } = await pool.request({ method: 'GET', ...options })
  return { statusCode, text: await body.text() }
}

function serve(carriers: { name: string; ask: Ask }[], logger: Logger) {
  const app = Fastify({ loggerInstance: logger, ...requestOptions })
  app.addHook('onResponse', (request, reply, done) => {
    const { method, url } = request
    request.log.info({ method, url, status: reply.statusCode, ms: Math.round(reply.elapsedTime) }, 'request')
    done()
  })
  app.get('/quotes', async ({ url }) => {
    const answers = await Promise.allSettled(carriers.map(async ({ ask }) => JSON.parse((await ask(url)).text)))
    const quotes = answers.flatMap((answer) =>
      answer.status === 'fulfilled' ? [answer.value as { cents: number }] : [],
    )
    return { quotes: quotes.toSorted((a, b) => a.cents - b.cents), missing: [] }
  })
  app.get<{ Params: { id: string } }>('/shipments/:id', async ({ params }, reply) => {
    const [name, id] = params.id.split('-', 2)
    const { statusCode, text } = await carriers.find((carrier) => carrier.name === name)!.ask(`/shipments/${id}`)
    return reply.code(statusCode).type('application/json').send(text)
  })
  return app
}

/** What one would write without any of the chapters, for a sunny day. */
export function passThrough(carriers: CarrierConfig[], logger: Logger) {
  const askOf = ({ replicas }: CarrierConfig) =>
    inTurn(replicas.map((origin) => new Pool(origin)).map((pool) => (path) => exchange(pool, { path })))
  return serve(
    carriers.map((carrier) => ({ name: carrier.name, ask: askOf(carrier) })),
    logger,
  )
}

/** What a careful user of cockatiel would write: a limit around retries around a replica's breaker around an attempt's limit. */
export function onCockatiel(carriers: CarrierConfig[], logger: Logger, limits: Config) {
  const { circuitBreaker, ConsecutiveBreaker, ExponentialBackoff, handleAll, retry, timeout, TimeoutStrategy, wrap } =
    peer('cockatiel')
  const askOf = ({ replicas }: CarrierConfig): Ask => {
    const policies = replicas.map((origin) => {
      const pool = new Pool(origin)
      const breaker = circuitBreaker(handleAll, { halfOpenAfter: 5000, breaker: new ConsecutiveBreaker(5) })
      const attempt = wrap(breaker, timeout(limits.CARRIER_CALL_MS, TimeoutStrategy.Aggressive))
      return (path: string): Promise<Reply> =>
        attempt.execute(({ signal }: { signal: AbortSignal }) => exchange(pool, { path, signal }))
    })
    const ask = inTurn(policies)
    const whole = wrap(
      timeout(limits.QUOTE_DEADLINE_MS, TimeoutStrategy.Aggressive),
      retry(handleAll, { maxAttempts: 2, backoff: new ExponentialBackoff() }),
    )
    return (path) => whole.execute(() => ask(path))
  }
  return serve(
    carriers.map((carrier) => ({ name: carrier.name, ask: askOf(carrier) })),
    logger,
  )
}
