import { afterEach, expect, test, vi } from 'vitest'
import { variables } from './config.ts'
import { childEnvironment } from './environment.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

test('what the shell has for a Parcel of its own does not reach ours; what we tell it does, and the rest', () => {
  for (const name of [...Object.keys(variables), 'NODE_USE_ENV_PROXY']) vi.stubEnv(name, 'the shell’s')
  vi.stubEnv('LC_ALL', 'C')
  const environment = childEnvironment({ PORT: '0' })
  expect(environment).toMatchObject({ PORT: '0', LC_ALL: 'C', PATH: process.env.PATH })
  expect(Object.values(environment)).not.toContain('the shell’s')
})
