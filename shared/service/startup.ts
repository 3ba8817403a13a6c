import { type Config, ConfigError, readConfig } from './config.ts'

/** Ends the process with one line for whoever started it: a stack trace would only hide the cure. */
export function giveUp(message: string): never {
  console.error(message)
  process.exit(1)
}

export function configOrExit(env: Record<string, string | undefined>): Config {
  try {
    return readConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) giveUp(error.message)
    throw error
  }
}

/** By PostgreSQL's codes. */
const DATABASE_ADVICE: Record<string, string> = {
  '28000': 'have pg_hba.conf let us in, or name another user',
  '28P01': 'mend the password in it',
  '3D000': 'create it, or name another one',
  '3F000': 'create the schema that its search_path names',
  '42501': 'grant CREATE on that schema, or make the table for us (shared/service/postgres-store.ts)',
}

/** What is wrong with a database that does not open, and what to do about it, as far as we know better than the error. */
export function databaseAdvice(error: unknown): string {
  const { message, code = '' } = error as NodeJS.ErrnoException
  return [message, DATABASE_ADVICE[code]].filter(Boolean).join('; ')
}

/** A variable with a port to listen on. */
export type PortVariable = 'PORT' | 'METRICS_PORT'

/** What to do about an address that cannot be listened on; undefined when we know no better than the error. */
export function listenAdvice(
  error: unknown,
  variable: PortVariable,
  config: Pick<Config, PortVariable | 'HOST'>,
  platform = process.platform,
): string | undefined {
  const { HOST } = config
  const port = `${variable} ${config[variable]}`
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return `${port} is taken on ${HOST}; end what listens there, or set ${variable} to another one (0 takes any free one)`
    case 'EACCES':
      // Windows has nothing against ports below 1024, but Hyper-V and others keep ranges for themselves, 3000 perhaps too.
      return platform === 'win32'
        ? `${port} is reserved; "netsh interface ipv4 show excludedportrange protocol=tcp" lists what is, set ${variable} to another one (0 takes any free one)`
        : `${port} is reserved for the system's services; set ${variable} to 1024 or above`
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `HOST ${HOST} is no address of this machine; set HOST to 127.0.0.1, or to 0.0.0.0 for all that it has of IPv4`
    default:
      return undefined
  }
}
