import type { FastifyBaseLogger } from 'fastify'
import { DatabaseError, Pool } from 'pg'
import { type Outcome, RefusedScan, type Scan } from './scan.ts'
import { keyOf, outcome, type ScanStore } from './scan-store.ts'

/** At a time. */
const BATCHES = 2
/** For each batch also that of an attempt that was given up and is not over yet. */
const CONNECTIONS = 2 * BATCHES
/** Shorter than what scans.ts gives an attempt. */
const CONNECT_MS = 1000
/** The server's own limit, for whoever waits for somebody's lock. */
const STATEMENT_MS = 1500
/** For a server that does not answer; so later than its own limit. */
const QUERY_MS = 1800

/** Of any number, by which whoever makes the table waits for whoever makes it now. */
const LOCK = 0x5ca5

// Not IF NOT EXISTS: of two that start together one would fail, and it wants the right to create where nothing is created.
// "C" is faster than any language's order, and the same after an upgrade of the system.
const TABLE = `DO $$ BEGIN
  PERFORM pg_advisory_xact_lock(${LOCK});
  IF to_regclass('scans') IS NULL THEN
    CREATE TABLE scans (
      shipment text COLLATE "C", at timestamptz, place text COLLATE "C", event text COLLATE "C",
      PRIMARY KEY (shipment, at, place, event)
    );
  END IF;
END $$`

/** As a scan has it, whatever DateStyle and TimeZone are. */
const COLUMNS = `shipment, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at, place, event`

// Sorted, for two that hold what the other one waits for would be a deadlock.
const INSERT = `
  INSERT INTO scans (shipment, at, place, event)
  SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[]) ORDER BY 1, 2, 3, 4
  ON CONFLICT DO NOTHING RETURNING ${COLUMNS}`
const SELECT = `SELECT ${COLUMNS} FROM scans WHERE shipment = $1 ORDER BY scans.at`

/**
 * SQLSTATEs that say nothing about what was asked: connections, a server that is only read from as another one has become
 * the first, deadlocks, no room, locks, limits and restarts, its disk.
 */
const TRANSIENT = /^(08|25006|40|53|55|57|58)/

/** What does not come from the server comes from the way there. */
const isTransient = (error: unknown) => !(error instanceof DatabaseError) || TRANSIENT.test(error.code ?? '')

/** Class 22: some value is none. Which row's, it does not say. */
const isData = (error: unknown): error is DatabaseError =>
  error instanceof DatabaseError && (error.code ?? '').startsWith('22')

/**
 * Scans in PostgreSQL, in a table that it makes where there is none. A server that is away is so for whoever writes, and
 * for as long as it is.
 *
 * @throws DatabaseError when the server is there, and does not let us in or have our table
 */
export async function postgresStore(url: string, log: FastifyBaseLogger): Promise<ScanStore> {
  const pool = new Pool({
    connectionString: url,
    fallback_application_name: 'parcel',
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    query_timeout: QUERY_MS,
    keepAlive: true,
  })
  // Of connections that nobody uses just now. Unheard, it would be the process's end.
  pool.on('error', ({ message }) => log.warn({ reason: message }, 'a connection to PostgreSQL is lost'))

  let table: Promise<unknown> | undefined
  const makeTable = () =>
    (table ??= pool.query(TABLE).catch((error: unknown) => {
      table = undefined
      throw error
    }))

  const write = async (scans: readonly Scan[]): Promise<PromiseSettledResult<Outcome>[]> => {
    const columns = (['shipment', 'at', 'place', 'event'] as const).map((name) => scans.map((scan) => scan[name]))
    try {
      const { rows } = await pool.query<Scan>(INSERT, columns)
      const stored = new Set(rows.map(keyOf))
      // Of two that are the same, the first.
      return scans.map((scan) => outcome(stored.delete(keyOf(scan)) ? 'stored' : 'known'))
    } catch (error) {
      if (!isData(error)) throw error
      if (scans.length === 1)
        return [{ status: 'rejected', reason: new RefusedScan(`is refused: ${error.message}`, { cause: error }) }]
      const half = scans.length >> 1
      return [...(await write(scans.slice(0, half))), ...(await write(scans.slice(half)))]
    }
  }

  try {
    await makeTable()
  } catch (error) {
    if (!isTransient(error)) {
      await pool.end()
      throw error
    }
    // An error of several addresses has no message.
    const { message, code } = error as NodeJS.ErrnoException
    log.warn({ reason: message || code }, 'PostgreSQL is away: no scans are taken until it is there')
  }

  return {
    maxInFlight: BATCHES,
    async write(scans) {
      await makeTable()
      return write(scans)
    },
    async of(shipment) {
      await makeTable()
      return (await pool.query<Scan>(SELECT, [shipment])).rows
    },
    isTransient,
    close: () => pool.end(),
  }
}
