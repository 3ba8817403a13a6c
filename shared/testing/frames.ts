import { beforeEach } from 'vitest'

// Set up for every suite: a stack names the attendee's files and ours, and no others. Nobody could mend those; and
// Vitest looks for the source map of every file that a stack names, which takes longer than most red tests.

const isOwn = (frame: NodeJS.CallSite) => !/^node:|[\\/]node_modules[\\/]/.test(frame.getFileName() ?? '')

beforeEach(() => {
  // Vitest's, which finds a frame's line in the TypeScript.
  const prepare = Error.prepareStackTrace!
  Error.prepareStackTrace = (error, frames) => prepare(error, frames.filter(isOwn))
  return () => {
    Error.prepareStackTrace = prepare
  }
})
