import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, type } from 'node:os'

/** What figures depend on. */
export interface Circumstances {
  machine: { cores: number; cpu: string; os: string; /** Of the last minute, when the program began. */ load: number }
  /** Of Node, and of the packages that had a part in it. */
  versions: Record<string, string>
}

const [load] = loadavg() as [number]
// When the program begins: later it may have given itself one, and knows of no other.
const cores = availableParallelism()

/** @param packages of ours, or of the maintainers' */
export function circumstances(packages: string[]): Circumstances {
  return {
    machine: {
      cores,
      cpu: cpus()[0]!.model.trim(),
      os: type(),
      load: Number(load.toPrecision(6)),
    },
    versions: { node: process.versions.node, ...Object.fromEntries(packages.map((it) => [it, versionOf(it)])) },
  }
}

export function describeMachine({ machine: { cores, cpu, os, load }, versions }: Circumstances): string {
  const packages = Object.entries(versions).map(([name, version]) => `${name === 'node' ? 'Node' : name} ${version}`)
  return `${cores} cores of ${cpu}, ${os}, load ${load.toFixed(1)} at the start; ${packages.join(', ')}`
}

function versionOf(name: string): string {
  for (const where of ['../maintainers/package.json', '../../package.json']) {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(new URL(where, import.meta.url), 'utf8'))
    const version = { ...dependencies, ...devDependencies }[name]
    if (version) return version
  }
  throw new Error(`${name} is in no package.json of ours`)
}
