import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startDouble } from '../service/harness.ts'
import { Upload } from './upload.ts'

test('what was not done is sent again, and nothing else; what is under way goes on when it is called off', async () => {
  const bodies: string[] = []
  const { replicas } = await startDouble(async (request, response) => {
    const lines = (await text(request)).split('\n').length - 1
    bodies.push(`${request.method} ${request.url} ${lines}`)
    if (bodies.length === 1) response.writeHead(503).end(JSON.stringify({ lines: 300 }))
    else response.end(JSON.stringify({ lines }))
  })
  const upload = new Upload(replicas[0]!)
  onTestFinished(() => upload.leave())
  upload.go(1200)
  upload.stop()
  await vi.waitFor(() => expect(upload.counts).toEqual({ sent: 1200, written: 1200 }), 5000)
  expect(bodies).toEqual(['POST /scans 1200', 'POST /scans 900'])
})
