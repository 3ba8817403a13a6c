// The herd, on the chapter 03 that this process was started with: see herd.ts.
import { backoffs, herd } from '../stage/herd.ts'

const { withoutJitter, withJitter } = backoffs
process.send!({ withoutJitter: await herd(withoutJitter), withJitter: await herd(withJitter) })
