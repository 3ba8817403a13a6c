// Parcel, as one would deploy it: configured by the environment, logging to stdout, ended by a signal.
import { constants } from 'node:os'

// Before everything else is loaded, which takes a second: as process 1 of a container, Node has no SIGTERM but this one.
// Nothing has begun yet that would have to end well.
const leave = (signal: NodeJS.Signals) => process.exit(128 + constants.signals[signal])
process.on('SIGTERM', leave).on('SIGINT', leave)

const { serve } = await import('./serve.ts')
await serve(process.env, () => process.off('SIGTERM', leave).off('SIGINT', leave))
