import { Compile } from 'typebox/compile'
import { expect, test } from 'vitest'
import { buildParcel, startParcel } from './harness.ts'

interface Operation {
  operationId: string
  summary: string
  parameters: { name: string; in: string; required?: boolean; schema: object }[]
  requestBody?: { content: Record<string, { schema: object }> }
  responses: Record<string, { content: Record<string, { schema: object }> }>
}
interface Description {
  openapi: string
  paths: Record<string, Record<string, Operation>>
}

/** What machines ask, on which no customer is to build. */
const MACHINES = ['GET /livez', 'GET /readyz', 'GET /metrics', 'GET /openapi.json']

test('every route is described, and nothing that is no route', async () => {
  const { app } = buildParcel([])
  const routes: string[] = []
  app.addHook('onRoute', ({ method, url }) => {
    if (method !== 'HEAD') routes.push(...[method].flat().map((each) => `${each} ${url.replaceAll(/:(\w+)/g, '{$1}')}`))
  })
  const { openapi, paths } = (await app.inject('/openapi.json')).json<Description>()
  expect(openapi).toMatch(/^3\.1\./)
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect(described.toSorted()).toEqual(routes.filter((route) => !MACHINES.includes(route)).toSorted())
  expect(described.length).toBeGreaterThan(0)
})

test('each operation has a name of its own, a summary, its path’s parameters, and what goes wrong', async () => {
  const { app } = buildParcel([])
  const { paths } = (await app.inject('/openapi.json')).json<Description>()
  const operations = Object.entries(paths).flatMap(([path, each]) =>
    Object.values(each).map((operation) => [path, operation] as const),
  )
  expect(new Set(operations.map(([, { operationId }]) => operationId)).size).toBe(operations.length)
  for (const [path, { summary, parameters, responses }] of operations) {
    expect(summary).toMatch(/^[A-Z].*[^.]$/)
    const inPath = parameters.filter(({ in: where, required }) => where === 'path' && required).map(({ name }) => name)
    expect(inPath).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))
    expect(responses.default!.content).toHaveProperty(['application/problem+json'])
    expect(Object.keys(responses).filter((status) => /^2\d\d$/.test(status))).not.toEqual([])
  }
})

test('what is described is what comes', async () => {
  const { app } = await startParcel()
  const { paths } = (await app.inject('/openapi.json')).json<Description>()
  const fits = (operation: Operation, status: number, value: unknown) => {
    const { content } = operation.responses[String(status)] ?? operation.responses.default!
    expect(Compile(Object.values(content)[0]!.schema).Check(value), JSON.stringify(value)).toBe(true)
  }
  const quotes = await app.inject('/quotes?from=Lisbon&to=Oslo&grams=1200')
  fits(paths['/quotes']!.get!, quotes.statusCode, quotes.json())
  const order = { carrier: 'pigeon', from: 'Lisbon', to: 'Oslo', grams: 1200 }
  expect(Compile(paths['/shipments']!.post!.requestBody!.content['application/json']!.schema).Check(order)).toBe(true)
  const headers = { 'idempotency-key': 'k-1' }
  const booked = await app.inject({ method: 'POST', url: '/shipments', headers, body: order })
  expect(booked.statusCode).toBe(201)
  fits(paths['/shipments']!.post!, 201, booked.json())
  const shipment = await app.inject(`/shipments/${booked.json().id}`)
  fits(paths['/shipments/{id}']!.get!, shipment.statusCode, shipment.json())
  const nowhere = await app.inject('/shipments/stork-1')
  fits(paths['/shipments/{id}']!.get!, nowhere.statusCode, nowhere.json())
})
