import { variables } from './config.ts'

/**
 * The environment for a Parcel that we start ourselves: what it is told, and of the shell's what Parcel does not read.
 * Shells have variables of their own by the names of ours (conda exports HOST), and whoever has a database in theirs does
 * not want a test to write into it. Node's own proxy (NODE_USE_ENV_PROXY) is nothing for calls to this machine either.
 */
export function childEnvironment(told: Record<string, string>): NodeJS.ProcessEnv {
  const shell = { ...process.env }
  for (const name of [...Object.keys(variables), 'NODE_USE_ENV_PROXY']) delete shell[name]
  return { ...shell, ...told }
}
