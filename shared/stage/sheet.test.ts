import type { ServerResponse } from 'node:http'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startDouble } from '../service/harness.ts'
import { Sheet } from './sheet.ts'

test('so many quotes are under way at any time, which can wait, until it is called off', async () => {
  const waiting: ServerResponse[] = []
  const priorities = new Set<unknown>()
  const { replicas } = await startDouble(({ headers }, response) => {
    priorities.add(headers.priority)
    waiting.push(response)
  })
  const sheet = new Sheet(replicas[0]!)
  onTestFinished(() => sheet.leave())
  sheet.go(3)
  await vi.waitFor(() => expect(waiting).toHaveLength(3))
  for (const response of waiting.splice(0, 2)) response.end('{}')
  await vi.waitFor(() => expect(waiting, 'two were answered, and ask for the next').toHaveLength(3))
  expect(sheet.served).toBe(2)
  expect([...priorities]).toEqual(['u=7'])
  sheet.stop()
  for (const response of waiting.splice(0)) response.end('{}')
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(waiting, 'asked for after it was called off').toHaveLength(0)
})
