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

/** What to do about an address that cannot be listened on; undefined when we know no better than the error. */
export function listenAdvice(error: unknown, { PORT, HOST }: Config): string | undefined {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return `PORT ${PORT} is taken on ${HOST}; end what listens there, or set PORT to another one (0 takes any free one)`
    case 'EACCES':
      return `PORT ${PORT} is reserved for the system's services; set PORT to 1024 or above`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `HOST ${HOST} is no address of this machine; set HOST to 127.0.0.1, or to 0.0.0.0 for all of its addresses`
    default:
      return undefined
  }
}
