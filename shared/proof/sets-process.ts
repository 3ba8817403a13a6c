// A child of sets.ts: plays incidents on a Parcel of this process's set, in virtual time, and sends the figures of each.
import { inProcess } from '../stage/in-process.ts'
import { figuresOf } from '../stage/incidents/grade.ts'
import { play } from '../stage/incidents/play.ts'
import { type Script, scripts } from '../stage/incidents/scripts.ts'
import { inVirtualTime, socketsAtRest } from '../stage/virtual-time.ts'
import { HEALTHY, type Message } from './sets.ts'

/** Nothing happens, and the carriers have no tail: whoever limits the time for an answer would lose some to that. */
const healthy: Script = {
  id: HEALTHY,
  title: 'Healthy traffic',
  traffic: { perSecond: 40 },
  settleS: 1,
  baselineS: 0,
  faultS: 4,
  recoveryS: 0,
  acts: [],
}
const latency = [{ percent: 100, ms: 5 }]

const [seed, ...ids] = process.argv.slice(2)
const all = async () => {
  for (const id of ids) {
    const script = [healthy, ...scripts].find((each) => each.id === id)!
    const world = inProcess(id === HEALTHY ? { latency } : {})
    // The set is this process's, whatever a side is told.
    const { phases, sides } = await play(script, { sides: { parcel: [] }, seed: Number(seed), world })
    const { parcel } = sides
    process.send!({ incident: id, figures: figuresOf(parcel!, phases), crash: parcel!.crash } satisfies Message)
  }
}
await inVirtualTime(all, socketsAtRest)
// Naive code may still wait for what never comes.
process.exit()
