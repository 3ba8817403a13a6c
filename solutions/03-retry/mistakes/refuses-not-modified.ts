/**
 * Mistake: a success begins with a 2; a 304 is what whoever asked with an etag hoped for.
 * Replaces: http.ts
 * Killed by: makes an error of every refusal, with all that it said
 */
import { ResponseError } from '../../../shared/core/errors.ts'
import { requestWithRetry as correct } from '../http.ts'

export * from '../http.ts'

export const requestWithRetry: typeof correct = async (client, request, options) => {
  const response = await correct(client, request, options)
  if (response.statusCode >= 300) throw new ResponseError('Refused', response.statusCode, response.headers)
  return response
}
