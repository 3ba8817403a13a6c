// Loaded before Parcel where its memory is to be measured: what is garbage and not yet collected is no leak.
process.on('message', () => {
  globalThis.gc?.()
  process.send!('collected')
})
// The parent's line must not be what keeps Parcel alive; without a parent it has nothing to live for.
process.channel!.unref()
process.on('disconnect', () => process.exit())
