/**
 * Closures in the place of a class, and a look at the channel's end afterwards.
 * Replaces: merge.ts
 */
import { checkOptions, countOrNone } from '../../../shared/core/options.ts'
import { Channel } from '../channel.ts'
import type { MergeOptions } from '../merge.ts'

export type { MergeOptions } from '../merge.ts'

export function merge<T>(
  sources: readonly AsyncIterable<T>[],
  { buffer = 0, signal }: MergeOptions = {},
): AsyncIterableIterator<T, undefined> {
  checkOptions({ buffer }, { buffer: countOrNone })
  const channel = new Channel<T>(buffer)
  const open = new Set<AsyncIterator<T>>()
  let hasBegun = false
  let isOver = false
  let untold: { reason: unknown } | undefined

  const end = (stop?: { reason: unknown }) => {
    if (isOver) return
    isOver = true
    untold = stop
    signal?.removeEventListener('abort', onAbort)
    channel.abort(stop?.reason)
    for (const source of open) void (async () => source.return?.())().catch(() => {})
  }
  const onAbort = () => end({ reason: signal!.reason })

  const relay = async (source: AsyncIterator<T>) => {
    try {
      for (let next = await source.next(); !next.done && !isOver; next = await source.next())
        await channel.send(next.value)
    } catch (reason) {
      open.delete(source)
      end({ reason })
    }
    open.delete(source)
    if (open.size === 0) channel.close()
  }
  const begin = () => {
    hasBegun = true
    if (signal?.aborted) return onAbort()
    signal?.addEventListener('abort', onAbort)
    try {
      for (const source of sources) open.add(source[Symbol.asyncIterator]())
    } catch (reason) {
      return end({ reason })
    }
    for (const source of open) void relay(source)
    if (open.size === 0) channel.close()
  }

  return {
    async next() {
      if (!hasBegun && !isOver) begin()
      const received = await channel.receive().catch(() => undefined)
      if (received && !received.done) return received
      if (received) end()
      if (untold) {
        const { reason } = untold
        untold = undefined
        throw reason
      }
      return { done: true, value: undefined }
    },
    async return() {
      end()
      untold = undefined
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
