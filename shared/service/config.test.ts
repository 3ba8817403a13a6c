import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ConfigError, fits, readConfig, strangers, variables } from './config.ts'

const complaints = (env: Record<string, string>): string[] => {
  try {
    readConfig(env)
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return (error as Error).message.split('\n')
  }
  return []
}

test('an empty environment gives the defaults, and they fit into each other', () => {
  expect(readConfig({})).toMatchObject({
    PORT: 3000,
    HOST: '127.0.0.1',
    CARRIERS: null,
    LOG_LEVEL: 'info',
    QUOTE_DEADLINE_MS: 1000,
  })
})

test('an empty variable counts as none, and white space around a value does not count', () => {
  expect(readConfig({ PORT: '', HOST: ' ', LOG_LEVEL: ' warn ' })).toMatchObject({
    PORT: 3000,
    HOST: '127.0.0.1',
    LOG_LEVEL: 'warn',
  })
})

test.for([
  ['PORT', '0', 0],
  ['PORT', '65535', 65_535],
  ['HOST', '::1', '::1'],
  ['HOST', 'parcel.example', 'parcel.example'],
  ['LOG_LEVEL', 'silent', 'silent'],
  ['DRAIN_DELAY_MS', '0', 0],
  ['CARRIERS', 'pigeon=http://127.0.0.1:1', [{ name: 'pigeon', replicas: ['http://127.0.0.1:1'] }]],
  [
    'CARRIERS',
    'pigeon=http://10.0.0.1|https://10.0.0.2:8443/, swift=http://[::1]:3',
    [
      { name: 'pigeon', replicas: ['http://10.0.0.1', 'https://10.0.0.2:8443'] },
      { name: 'swift', replicas: ['http://[::1]:3'] },
    ],
  ],
  // As `variables` itself has it for an example.
  ['CARRIERS', 'pigeon=http://10.0.0.1:80', [{ name: 'pigeon', replicas: ['http://10.0.0.1'] }]],
  ['CARRIERS', 'pigeon=HTTPS://Carriers.Example:443/', [{ name: 'pigeon', replicas: ['https://carriers.example'] }]],
  ['METRICS_PORT', '9464', 9464],
  ['CLIENT_RATE', '50', 50],
  ['CLIENT_RATE', '', null],
  [
    'API_KEYS',
    'web=sk-1, app=sk-2,web=sk-3==',
    new Map([
      ['sk-1', 'web'],
      ['sk-2', 'app'],
      ['sk-3==', 'web'],
    ]),
  ],
  ['TRUSTED_PROXIES', '10.0.0.7, 10.1.0.0/16,fd00::/8', ['10.0.0.7', '10.1.0.0/16', 'fd00::/8']],
  ['REDIS_URL', 'rediss://me:secret@redis.example:6380/1', 'rediss://me:secret@redis.example:6380/1'],
  ['CARRIER_RATES', 'pigeon=19,swift=0.5', { pigeon: 19, swift: 0.5 }],
  ['DATABASE_URL', 'sqlite:/var/lib/parcel/scans.db', 'sqlite:/var/lib/parcel/scans.db'],
  ['DATABASE_URL', 'postgres://me:secret@db.example/parcel', 'postgres://me:secret@db.example/parcel'],
  [
    'DATABASE_URL',
    'postgresql:///parcel?host=/run/postgresql&options=-c%20search_path=scans',
    'postgresql:///parcel?host=/run/postgresql&options=-c%20search_path=scans',
  ],
  ['SCAN_BATCH_MS', '0', 0],
] as const)('%s takes %s', ([name, text, value]) => {
  expect(readConfig({ [name]: text })[name]).toEqual(value)
})

test.for([
  ['PORT', '65536'],
  ['PORT', '-1'],
  ['PORT', '80a'],
  ['PORT', '3e3'],
  ['HOST', 'not a host'],
  ['LOG_LEVEL', 'loud'],
  ['CARRIER_CALL_MS', '0'],
  ['CARRIER_CALL_MS', 'Infinity'],
  ['QUOTE_DEADLINE_MS', '1000.5'],
  ['QUOTE_DEADLINE_MS', '1s'],
  ['CARRIERS', 'pigeon'],
  ['CARRIERS', 'pigeon='],
  ['CARRIERS', 'Pigeon=http://10.0.0.1'],
  ['CARRIERS', 'homing-pigeon=http://10.0.0.1'],
  ['CARRIERS', 'pigeon=10.0.0.1:80'],
  ['CARRIERS', 'pigeon=ftp://10.0.0.1'],
  ['CARRIERS', 'pigeon=http://10.0.0.1/v2'],
  ['CARRIERS', 'pigeon=http:10.0.0.1'],
  ['CARRIERS', 'pigeon=http://me:secret@10.0.0.1'],
  ['CARRIERS', 'pigeon=http://10.0.0.1?'],
  ['CARRIERS', 'pigeon=http://10.0.0.1#v2'],
  ['CARRIERS', 'pigeon=http://10.0.0.1 |http://10.0.0.2'],
  ['METRICS_PORT', 'none'],
  ['CLIENT_RATE', '0'],
  ['CLIENT_RATE', '50/s'],
  ['TRUSTED_PROXIES', 'true'],
  ['TRUSTED_PROXIES', '1'],
  ['TRUSTED_PROXIES', '10.0.0.0/33'],
  ['TRUSTED_PROXIES', '10.0.0.1,'],
  ['CARRIER_RATES', 'pigeon'],
  ['CARRIER_RATES', 'pigeon=0'],
  ['CARRIER_RATES', 'pigeon=fast'],
  ['CARRIERS', 'pigeon=http://10.0.0.1|'],
  ['CARRIERS', 'pigeon=http://10.0.0.1,'],
  ['CARRIERS', 'pigeon=http://10.0.0.1,pigeon=http://10.0.0.2'],
] as const)('%s refuses %s: its name, what it got, what it takes', ([name, text]) => {
  expect(complaints({ [name]: text })).toEqual([
    `${name} is ${JSON.stringify(text)}; it takes ${variables[name].takes}`,
  ])
})

test('complains about everything at once', () => {
  expect(complaints({ PORT: 'x', LOG_LEVEL: 'y', QUOTE_DEADLINE_MS: '200' })).toEqual([
    expect.stringMatching(/^PORT is "x"; it takes/),
    expect.stringMatching(/^LOG_LEVEL is "y"; it takes/),
    'CARRIER_CALL_MS is 250; it takes less than QUOTE_DEADLINE_MS, which is 200',
    'CARRIER_QUEUE_MS is 200; it takes less than QUOTE_DEADLINE_MS, which is 200',
  ])
})

test('what the error recommends for CARRIERS is taken', () => {
  const [, example] = /such as (\S+)/.exec(variables.CARRIERS.takes)!
  expect(readConfig({ CARRIERS: example }).CARRIERS).toEqual([
    { name: 'pigeon', replicas: ['http://10.0.0.1', 'http://10.0.0.2'] },
  ])
})

describe('secrets', () => {
  const CARRIERS = 'pigeon=http://10.0.0.1,swift=http://10.0.0.2'

  test('reach the carrier that they are for', () => {
    const { CARRIERS: carriers } = readConfig({ CARRIERS, CARRIER_TOKENS: 'swift=dG9rZW4=' })
    expect(carriers!.map(({ token }) => token)).toEqual([undefined, 'dG9rZW4='])
  })

  test('are shown to nobody, though they are wrong', () => {
    expect(complaints({ CARRIERS, CARRIER_TOKENS: 'swift=sword fish' })).toEqual([
      `CARRIER_TOKENS is wrong; it takes ${variables.CARRIER_TOKENS.takes}`,
    ])
    expect(complaints({ CARRIERS, CARRIER_TOKENS: 'stork=swordfish' })).toEqual([
      'CARRIER_TOKENS has one for stork, which is not in CARRIERS',
    ])
  })

  test.for([
    ['API_KEYS', 'web'],
    ['API_KEYS', 'web=sword fish'],
    ['API_KEYS', 'web=sk-1,app=sk-1'],
    ['REDIS_URL', 'http://me:secret@127.0.0.1:6379'],
    ['REDIS_URL', '127.0.0.1:6379'],
    ['DATABASE_URL', 'sqlite:'],
    ['DATABASE_URL', '/var/lib/parcel/scans.db'],
    ['DATABASE_URL', 'postgres:parcel'],
    ['DATABASE_URL', 'postgres://me:secret@db.example:port/parcel'],
    ['DATABASE_URL', 'mysql://me:secret@db.example/parcel'],
  ] as const)('of %s are not shown either', ([name, text]) => {
    expect(complaints({ [name]: text })).toEqual([`${name} is wrong; it takes ${variables[name].takes}`])
  })
})

test('a rate is one of a carrier that is there, a burst one of a rate', () => {
  expect(complaints({ CARRIERS: 'pigeon=http://10.0.0.1', CARRIER_RATES: 'stork=5' })).toEqual([
    'CARRIER_RATES has one for stork, which is not in CARRIERS',
  ])
  expect(complaints({ CARRIER_RATES: 'pigeon=5' }), 'of the embedded ones').toEqual([])
  expect(complaints({ CLIENT_BURST: '5' })).toEqual([
    'CLIENT_BURST is set, and CLIENT_RATE is not; a burst is one of a rate',
  ])
})

test('two ports are two', () => {
  expect(complaints({ PORT: '3000', METRICS_PORT: '3000' })).toEqual([
    'METRICS_PORT is PORT, 3000; it takes another one',
  ])
  expect(complaints({ PORT: '0', METRICS_PORT: '0' })).toEqual([])
})

describe('in production', () => {
  const production = { NODE_ENV: 'production' }
  const DATABASE_URL = 'sqlite:/var/lib/parcel/scans.db'

  test('nobody sells parcels of carriers that are not there', () => {
    expect(complaints({ ...production, DATABASE_URL })).toEqual([
      expect.stringMatching(/^CARRIERS is not set, as it must be/),
    ])
    expect(complaints({ ...production, DATABASE_URL, CARRIERS: 'pigeon=http://10.0.0.1' })).toEqual([])
  })

  test('nobody’s scans are kept where a restart is their end', () => {
    expect(complaints({ ...production, CARRIERS: 'pigeon=http://10.0.0.1' })).toEqual([
      expect.stringMatching(/^DATABASE_URL is not set, as it must be/),
    ])
  })

  test('a slip in the name says what was meant', () => {
    expect(complaints({ ...production, DATABASE_URL, CARIERS: 'pigeon=http://10.0.0.1' })).toEqual([
      expect.stringMatching(/^CARRIERS is not set/),
      'CARIERS is no variable of Parcel’s; is it to be CARRIERS?',
    ])
  })
})

test.for([
  ['CARRIER_HEADER_MS', 'CARRIER_HEADERS_MS'],
  ['LOGLEVEL', 'LOG_LEVEL'],
  ['CARRIRES', 'CARRIERS'],
  ['CARRIER', 'CARRIERS'],
  ['shutdown_ms', 'SHUTDOWN_MS'],
  ['Port', 'PORT'],
] as const)('%s looks as if it was to be %s', ([written, meant]) => {
  expect(strangers({ [written]: '1' })).toEqual([`${written} is no variable of Parcel’s; is it to be ${meant}?`])
})

test.for(['HOME', 'HOSTNAME', 'PORTS', 'CARRIERS_SERVICE_HOST', 'NODE_OPTIONS', 'PATH'])(
  '%s is somebody else’s',
  (name) => {
    expect(strangers({ [name]: '1' })).toEqual([])
  },
)

test('what is set is no stranger, nor is what is empty', () => {
  expect(strangers({ CARRIERS: 'x', CARIERS: '' })).toEqual([])
})

test.for(fits)('refuses limits that do not fit: $sum below $below', ({ sum, below }) => {
  const total = sum.reduce((ms, name) => ms + Number(readConfig({})[name]), 0)
  const line = `${sum.join(' + ')} is ${total}; it takes less than ${below}, which is ${total}`
  expect(complaints({ [below]: String(total) })).toContain(line)
})

describe('the README', () => {
  const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8')

  test('lists each variable with its default, in the same order', () => {
    const rows = Object.entries(variables).map(
      ([name, { fallback, about }]) => `| \`${name}\` | ${typeof fallback === 'object' ? '' : fallback} | ${about} |`,
    )
    expect(readme.match(/^\| `[A-Z_]+` \|.*$/gm)).toEqual(rows)
  })

  test('says how the limits fit into each other', () => {
    for (const { sum, below } of fits) expect(readme).toMatch(`${sum.join(' + ')} < ${below}`)
  })
})
