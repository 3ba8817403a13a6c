import { fileURLToPath } from 'node:url'
import { Session } from 'node:inspector/promises'
import type { Profiler } from 'node:inspector'

const root = fileURLToPath(new URL('../../', import.meta.url)).replaceAll('\\', '/')

const INTERVAL_US = 500
/** A longer gap between two samples was another program's: ours did not run. */
const MOST_US = 4 * INTERVAL_US

/** Microseconds of processor time, by whose they are and by function. */
export interface Profile {
  parts: Record<string, number>
  functions: Record<string, number>
}

/** Samples this process's main thread until the function that it returns is called. */
export async function startProfile(): Promise<() => Promise<Profile>> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US })
  await session.post('Profiler.start')
  return async () => {
    const { profile } = await session.post('Profiler.stop')
    session.disconnect()
    return summarize(profile)
  }
}

export function summarize({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Profile {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const profile: Profile = { parts: {}, functions: {} }
  for (const [index, id] of samples.entries()) {
    const { functionName, url, lineNumber } = frames.get(id)!
    // Neither waiting is work, nor being watched.
    if (functionName === '(idle)' || url === 'node:inspector') continue
    const part = partOf(url, functionName)
    const us = Math.min(timeDeltas[index] ?? 0, MOST_US)
    profile.parts[part] = (profile.parts[part] ?? 0) + us
    if (!url) continue
    const where = `${functionName || 'anonymous'} (${url.split('/').slice(-2).join('/')}:${lineNumber + 1})`
    profile.functions[where] = (profile.functions[where] ?? 0) + us
  }
  return profile
}

/** The chapter, the package or the layer that a function belongs to. */
function partOf(url: string, functionName: string): string {
  if (functionName === '(garbage collector)') return 'garbage collector'
  if (url.startsWith('node:')) return 'Node'
  // What has no source: sockets and timers in C++, the machine code of built-ins.
  if (!url) return 'Node, native'
  const path = decodeURIComponent(url).split(root).at(-1)!
  const [, name] = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? []
  return name ?? path.split('/').slice(0, 2).join('/')
}
