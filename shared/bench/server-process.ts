import { monitorEventLoopDelay } from 'node:perf_hooks'
import { type Profile, startProfile } from './profile.ts'

/** What a server is asked by whoever measures it; `profile` begins one, and the next ends it. */
export interface Answers {
  cpu: NodeJS.CpuUsage
  /** How late its event loop has been at most since the question before, in milliseconds. */
  delay: number
  profile: Profile | 'begun'
}
export type Question = keyof Answers

/** For a process of a server that is measured, told by its arguments which: tells its parent its address, and answers it. */
export async function answerParent(start: (...args: string[]) => Promise<string>): Promise<void> {
  const send = (answer: string | Answers[Question]) => void process.send!(answer)
  const delay = monitorEventLoopDelay({ resolution: 5 })
  let stopProfile: (() => Promise<Profile>) | undefined
  const answers: { [Q in Question]: () => Answers[Q] | Promise<Answers[Q]> } = {
    cpu: () => process.cpuUsage(),
    delay() {
      // Only where it is asked for: where processor time is measured, its own timer would be part of it.
      delay.enable()
      const { max } = delay
      delay.reset()
      return max / 1e6
    },
    async profile() {
      if (stopProfile) return stopProfile()
      stopProfile = await startProfile()
      return 'begun'
    },
  }
  process.on('message', async (question: Question) => send(await answers[question]()))
  process.once('disconnect', () => process.exit())
  send(await start(...process.argv.slice(2)))
}
