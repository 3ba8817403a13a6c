/**
 * Mistake: sends the key, and in its place the caller's own headers no more.
 * Replaces: http.ts
 * Killed by: sends the same idempotency key with each attempt
 */
import { requestWithRetry as correct } from '../http.ts'

export const requestWithRetry: typeof correct = (client, { headers, ...request }, options) =>
  correct(client, request.idempotencyKey || !headers ? request : { ...request, headers }, options)
