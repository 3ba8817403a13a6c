import { mkdirSync } from 'node:fs'

/** Takes the directory for this process. @returns what gives it back */
export function lockDirectory(path: string): () => void {
  mkdirSync(path, { recursive: true })
  // Who else should be there?
  return () => {}
}
