import { parseArgs } from 'node:util'
import { carriersValue, parseFault, startFleet } from './fleet.ts'

const USAGE = 'node shared/carriers/main.ts [--seed 1] [--fault pigeon:blackhole] [--fault swift/1:5xx,rate=0.5]'

try {
  const { values } = parseArgs({
    options: { seed: { type: 'string', default: '1' }, fault: { type: 'string', multiple: true, default: [] } },
  })
  const faults = values.fault.map(parseFault)
  const fleet = await startFleet({ seed: Number(values.seed) })
  // Once: a second signal ends the process the hard way.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void fleet.close())
  for (const { carrier, fault, replica } of faults) await fleet.setFault(carrier, fault, replica)
  console.log(`CARRIERS='${carriersValue(fleet.carriers)}'`)
  console.log(`admin ${fleet.admin}  (curl -X PUT -d blackhole ${fleet.admin}/carriers/pigeon/fault)`)
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\nUsage: ${USAGE}`)
  process.exitCode = 1
}
