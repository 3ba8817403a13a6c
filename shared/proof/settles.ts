// Loaded before Parcel: what is garbage and not yet collected is no leak, and who is killed keeps nothing by itself.
import { flushCompileCache } from 'node:module'

process.on('message', () => {
  flushCompileCache()
  globalThis.gc?.()
  process.send!('settled')
})
// The parent's line must not be what keeps Parcel alive; without a parent it has nothing to live for.
process.channel!.unref()
process.on('disconnect', () => process.exit())
