import { expect, test } from 'vitest'
import { reasonOf } from './reasons.ts'

test.for([
  ['ENETUNREACH', 'unreachable'],
  ['EHOSTUNREACH', 'unreachable'],
  ['ETIMEDOUT', 'timeout'],
  ['CERT_HAS_EXPIRED', 'untrusted'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'untrusted'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'untrusted'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'untrusted'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'bad-answer'],
])('%s is a carrier’s fault: %s', ([code, reason]) => {
  expect(reasonOf(Object.assign(new Error(code), { code }))).toBe(reason)
})

test.for(['ERR_INVALID_ARG_TYPE', 'EMFILE', undefined])('%s is a mistake of ours', (code) => {
  expect(reasonOf(Object.assign(new TypeError('oh'), { code }))).toBe('error')
})
