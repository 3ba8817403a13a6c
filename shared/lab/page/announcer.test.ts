import { expect, test } from 'vitest'
import type { LabState } from '../state.ts'
import { changesBetween } from './announcer.tsx'

type Parts = { status?: string; breakers?: string[]; restart?: { running: boolean; requests: number; failed: number } }

function state({ status = 'ready', breakers = ['closed', 'closed'], restart }: Parts = {}): LabState {
  const side = (parts: object) => ({ parcel: { status: 'ready' }, carriers: [], ...parts })
  const reference = { parcel: { status }, carriers: [{ name: 'pigeon', breakers }], restart }
  return { columns: { yours: side({}), reference: side(reference) } } as unknown as LabState
}

test('a second in which nothing changes says nothing', () => {
  expect(changesBetween(state(), state())).toEqual([])
})

test('a breaker that opens, a Parcel that crashes and a restart that ends are told, with the side', () => {
  const running = { running: true, requests: 3, failed: 0 }
  const before = state({ restart: running })
  const now = state({ status: 'crashed', breakers: ['open', 'closed'], restart: { ...running, running: false } })
  expect(changesBetween(before, now)).toEqual([
    'Reference: Parcel is crashed',
    'Reference: pigeon’s breakers are open, closed',
    'Reference: restarted, 0 of 3 requests failed',
  ])
})
