// A preload: a process that was started with a channel ends when whoever started it has gone, however that went. A
// signal would not do, as nobody sends one when the parent is killed.
if (process.connected === false) process.exit()
process.once('disconnect', () => process.exit())
// The channel alone is nothing to live for.
process.channel?.unref()
