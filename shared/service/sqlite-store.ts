import type { Outcome, Scan } from './scan.ts'
import { outcome, type ScanStore } from './scan-store.ts'

/** SQLite's codes for "somebody else has it just now". */
const BUSY = [5, 6]

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS scans (
    shipment TEXT NOT NULL, at TEXT NOT NULL, place TEXT NOT NULL, event TEXT NOT NULL,
    PRIMARY KEY (shipment, at, place, event)
  ) STRICT, WITHOUT ROWID`

/**
 * Scans in a file. Whatever it does it does on the event loop: so a transaction is a batch, and the loop turns before each.
 * It waits for nobody's lock, which would be waiting on the loop, too; whoever retries waits elsewhere.
 *
 * @throws Error when it cannot be opened
 */
export function sqliteStore(path: string): ScanStore {
  // Not imported: some Nodes say on each start that it is experimental, also where nobody has a database.
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
  const database = new DatabaseSync(path)
  database.exec(SCHEMA)
  const insert = database.prepare('INSERT INTO scans VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING')
  const select = database.prepare('SELECT shipment, at, place, event FROM scans WHERE shipment = ? ORDER BY at')

  const writeOne = ({ shipment, at, place, event }: Scan): PromiseSettledResult<Outcome> => {
    try {
      return outcome(insert.run(shipment, at, place, event).changes ? 'stored' : 'known')
    } catch (reason) {
      // A row's error is its own, and spares the transaction; what is the database's is everybody's.
      if (!database.isTransaction) throw reason
      return { status: 'rejected', reason }
    }
  }

  return {
    maxInFlight: 1,
    async write(scans) {
      await new Promise((resolve) => setImmediate(resolve))
      database.exec('BEGIN IMMEDIATE')
      try {
        const results = scans.map(writeOne)
        database.exec('COMMIT')
        return results
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK')
        throw error
      }
    },
    of: async (shipment) => select.all(shipment).map((row) => ({ ...row }) as unknown as Scan),
    isTransient: (error) => BUSY.includes(Number((error as { errcode?: number }).errcode) & 0xff),
    close: async () => database.close(),
  }
}
