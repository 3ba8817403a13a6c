import { pino } from 'pino'
import { carriersValue, type FleetOptions, startFleet } from '../carriers/fleet.ts'
import { readConfig } from '../service/config.ts'
import { buildServer } from '../service/server.ts'
import type { Carriers } from './carriers.ts'
import { tellError } from './crash.ts'
import { type Instance, type ParcelOptions, parcelEnvironment } from './parcel.ts'
import type { World } from './side.ts'

/**
 * Parcel and its carriers in this process, on real sockets: with the customers here, too, an incident can be played in
 * virtual time. Parcel runs on what this process was started on, whatever it is told.
 *
 * @param options of the carriers, beside their seed
 */
export const inProcess = (options: FleetOptions = {}): World => ({
  startCarriers: (seed) => startCarriers({ ...options, seed }),
  startParcel,
})

async function startCarriers(options: FleetOptions): Promise<Carriers> {
  const fleet = await startFleet(options)
  return {
    value: carriersValue(fleet.carriers),
    setFault: fleet.setFault,
    stats: async () => fleet.stats(),
    reseed: fleet.reset,
    close: fleet.close,
  }
}

function startParcel({ onError, ...options }: ParcelOptions): Instance {
  // In memory, where an incident wants a file: the clock stands still while one writes.
  const config = readConfig({ ...parcelEnvironment(options), DATABASE_URL: undefined, OUTBOX_DIR: undefined })
  const write = (line: string) => {
    const { msg, err } = JSON.parse(line)
    onError(err ? tellError(err.stack, msg) : [msg])
  }
  const logger = pino({ level: config.LOG_LEVEL }, { write })
  const exited = Promise.withResolvers<string[]>()
  let hasExited = false
  // As far as its customers can see, that is the end of a process.
  const exit = (code: number) => {
    hasExited = true
    app.server.close()
    app.server.closeAllConnections()
    exited.resolve([`It ended with exit code ${code}`])
  }
  const { app, shutdown } = buildServer({ config, carriers: config.CARRIERS!, logger, exit })
  const origin = app.listen({ port: 0, host: '127.0.0.1' })
  const drop = async () => {
    if (!hasExited) exit(1)
  }
  return {
    origin,
    child: {
      exited: exited.promise,
      hasExited: () => hasExited,
      async stop(limitMs) {
        const timer = setTimeout(exit, limitMs, 1)
        void shutdown.begin('SIGTERM')
        await exited.promise
        clearTimeout(timer)
      },
      kill: drop,
      drop,
    },
  }
}
