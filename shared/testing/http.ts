/**
 * As `import http from 'node:http'` would give it. But that evaluates each name that the module exports, and a few of
 * them load all of Node's own fetch: 50 ms, in each process that runs a suite.
 */
export const http = process.getBuiltinModule('node:http')
