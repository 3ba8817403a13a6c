import { expect, onTestFinished, test } from 'vitest'
import { buildServer } from '../lab/server.ts'
import { findLab } from '../../slides/build/lab.ts'

/** The Lab's server, without a Lab, which admits a deck at that port. */
async function listen(slidesPort: number): Promise<number> {
  const lab = { control: async () => {}, history: [], subscribe: () => () => {} }
  const page = { serve: () => {} }
  const server = buildServer({ lab, page, host: '127.0.0.1', slidesPort })
  onTestFinished(() => server.close())
  return Number(new URL(await server.listen({ port: 0, host: '127.0.0.1' })).port)
}

test('the Lab is found by the deck that it admits, by either name', async () => {
  const port = await listen(4001)
  expect(await findLab(port, 'http://127.0.0.1:4001')).toBe(`http://127.0.0.1:${port}/`)
  expect(await findLab(port, 'http://localhost:4001')).toBe(`http://127.0.0.1:${port}/`)
})

test.for(['http://127.0.0.1:4000', 'http://127.0.0.1:400', 'http://evil.example:4001', 'http://', ''])(
  'a frame of %j would stay empty, so there is none',
  async (origin) => {
    expect(await findLab(await listen(4001), origin)).toBeNull()
  },
)

test('where nobody listens, there is no Lab', async () => {
  expect(await findLab(1, 'http://127.0.0.1:4000')).toBeNull()
})
