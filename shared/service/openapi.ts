import type { FastifyInstance, RouteOptions } from 'fastify'
import packageJson from '../../package.json' with { type: 'json' }

declare module 'fastify' {
  interface FastifySchema {
    /** One line for the API's description; a route without it is for machines, and not described. */
    summary?: string
    /** The media type of a success, if not application/json. */
    produces?: string
    /** What it takes, of another media type than application/json: of a stream, the schema of an item. */
    consumes?: { type: string; schema: object }
  }
}

/** JSON Schema as TypeBox makes it, which is what OpenAPI 3.1 has for its own. */
interface JsonSchema {
  properties?: Record<string, unknown>
  required?: string[]
}

const PROBLEM = {
  description: 'What went wrong (RFC 9457)',
  content: {
    'application/problem+json': {
      schema: {
        type: 'object',
        required: ['type', 'title', 'status', 'detail'],
        properties: {
          type: { type: 'string' },
          title: { type: 'string' },
          status: { type: 'integer' },
          detail: { type: 'string' },
        },
      },
    },
  },
}

/** What every route reads. */
const DEADLINE = {
  name: 'deadline-ms',
  in: 'header',
  description: 'For how long the caller will wait, in milliseconds',
  schema: { type: 'integer', minimum: 0 },
}

/** Serves /openapi.json: made of the schemas by which each route checks what comes and writes what goes. */
export function describeApi(app: FastifyInstance): void {
  const paths: Record<string, Record<string, object>> = {}
  app.addHook('onRoute', (route) => {
    const { schema, url, method } = route
    if (!schema?.summary || method === 'HEAD') return
    const path = (paths[url.replaceAll(/:(\w+)/g, '{$1}')] ??= {})
    for (const each of [method].flat()) path[each.toLowerCase()] = operation(route)
  })
  app.get('/openapi.json', { logLevel: 'warn' }, async () => ({
    openapi: '3.1.1',
    info: {
      title: 'Parcel',
      version: packageJson.version,
      description: 'What shipping costs, by every carrier, in time',
    },
    paths,
  }))
}

function operation({ schema = {}, method, url }: RouteOptions) {
  const { summary, body, produces = 'application/json', response = {} } = schema
  const takes = schema.consumes ?? (body ? { type: 'application/json', schema: body } : undefined)
  const succeeds = Object.entries(response as Record<string, object>)
  const successes = succeeds.length > 0 ? succeeds : [['200', { type: 'string' }] as const]
  return {
    summary,
    operationId: `${method} ${url}`.toLowerCase().replaceAll(/\W+/g, '-'),
    parameters: [
      ...parameters('path', schema.params),
      ...parameters('query', schema.querystring),
      ...parameters('header', schema.headers),
      DEADLINE,
    ],
    ...(takes && { requestBody: { required: true, content: { [takes.type]: { schema: takes.schema } } } }),
    responses: {
      ...Object.fromEntries(
        successes.map(([status, schema]) => [status, { description: summary, content: { [produces]: { schema } } }]),
      ),
      default: PROBLEM,
    },
  }
}

function parameters(where: 'path' | 'query' | 'header', schema: unknown) {
  const { properties = {}, required = [] } = (schema ?? {}) as JsonSchema
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    schema,
  }))
}
