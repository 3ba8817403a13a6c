import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { Client } from 'pg'

/** A schema of one's own in somebody's database: who connects by `url` finds nothing else there, and `drop` takes all of it along. */
export interface OwnSchema {
  name: string
  url: string
  /** A connection of the test's, which is not one of those by `url`. */
  client: Client
  /** Ends all connections by `url`, as a server does that restarts. */
  terminate(): Promise<void>
  drop(): Promise<void>
}

export async function ownSchema(database: string): Promise<OwnSchema> {
  const name = `test_${randomUUID().replaceAll('-', '')}`
  const url = new URL(database)
  url.searchParams.set('options', `-c search_path=${name}`)
  url.searchParams.set('application_name', name)
  const client = new Client({ connectionString: database })
  await client.connect()
  await client.query(`CREATE SCHEMA ${name}`)
  await client.query(`SET search_path TO ${name}`)
  return {
    name,
    url: String(url),
    client,
    async terminate() {
      await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [name])
    },
    async drop() {
      await client.query(`DROP SCHEMA ${name} CASCADE`)
      await client.end()
    },
  }
}

/** A way to a PostgreSQL: open, or one on which nothing is said any more, or at whose end nobody is. */
export interface Way {
  url: string
  state: 'open' | 'silent' | 'away'
  close(): Promise<void>
}

export async function wayTo(url: string): Promise<Way> {
  const { hostname, port } = new URL(url)
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    if (state === 'away') return void client.destroy()
    const postgres = connect(Number(port || 5432), hostname)
    for (const [one, other] of [
      [client, postgres],
      [postgres, client],
    ] as const) {
      sockets.add(one)
      one.on('data', (said) => void (state === 'open' && other.write(said)))
      one
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(one)
          other.destroy()
        })
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const by = new URL(url)
  by.hostname = '127.0.0.1'
  by.port = String((server.address() as AddressInfo).port)
  let state: Way['state'] = 'open'
  const hangUp = () => sockets.forEach((socket) => socket.destroy())
  return {
    url: String(by),
    get state() {
      return state
    },
    set state(value) {
      state = value
      if (state === 'away') hangUp()
    },
    async close() {
      server.close()
      hangUp()
      await once(server, 'close')
    },
  }
}
