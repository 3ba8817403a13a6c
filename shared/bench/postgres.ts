/** The PostgreSQL that DATABASE_URL names, in which a measurement has a schema of its own; without one, it says what is left out. */
export function postgresUrl(): string | undefined {
  const { DATABASE_URL = '' } = process.env
  if (DATABASE_URL.startsWith('postgres')) return DATABASE_URL
  console.log('DATABASE_URL names no PostgreSQL: what is written into one is left out.')
  return undefined
}
