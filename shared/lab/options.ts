import { parseArgs } from 'node:util'
import { parseFault } from '../carriers/fleet.ts'
import { type Day, chaptersByDay } from '../manifest/chapters.ts'
import { LAB_PORT, SLIDES_PORT } from '../manifest/port.ts'
import { Trouble } from '../core/trouble.ts'
import { DEFAULT_PER_SECOND, type Incident, incidents } from '../stage/incidents/incidents.ts'
import { integerOption } from '../stage/options.ts'
import { targetOf } from '../manifest/target.ts'

const USAGE = `Usage: npm start -- [--chapter 04] [--day 2] [--fault pigeon:blackhole] [--rate ${DEFAULT_PER_SECOND}] [--seed 1] [--port 3000] [--page-port ${LAB_PORT}] [--slides-port ${SLIDES_PORT}] [--host 127.0.0.1]`

export interface Options {
  /** Of the attendee's Parcel. */
  port: number
  pagePort: number
  /** Where the slides are looked for; they may show the page in a frame. */
  slidesPort: number
  /** Where the page is to be had. */
  host: string
  seed: number
  /** Arrivals a second, for each side. */
  perSecond: number
  faults: ReturnType<typeof parseFault>[]
  /** To begin with. */
  incident?: Incident
  /** Whose chapters are on its page, until somebody turns to another one. */
  day?: Day
}

/** @throws Trouble that says what is wrong, and how it is used */
export function readOptions(args: string[]): Options {
  try {
    const text = { type: 'string' } as const
    const { values } = parseArgs({
      args,
      options: {
        port: text,
        'page-port': text,
        'slides-port': text,
        host: text,
        seed: text,
        rate: text,
        chapter: text,
        day: text,
        fault: { type: 'string', multiple: true },
      },
    })
    return {
      port: integerOption('port', values.port ?? '3000', 0, 65_535),
      pagePort: integerOption('page-port', values['page-port'] ?? String(LAB_PORT), 0, 65_535),
      slidesPort: integerOption('slides-port', values['slides-port'] ?? String(SLIDES_PORT), 1, 65_535),
      host: values.host ?? '127.0.0.1',
      seed: integerOption('seed', values.seed ?? '1', 0, 999_999_999),
      perSecond: integerOption('rate', values.rate ?? String(DEFAULT_PER_SECOND), 1, 200),
      faults: (values.fault ?? []).map(parseFault),
      ...(values.chapter !== undefined && { incident: ofChapter(values.chapter) }),
      ...(values.day !== undefined && { day: dayOf(values.day) }),
    }
  } catch (error) {
    throw new Trouble(`${(error as Error).message}\n${USAGE}`)
  }
}

function ofChapter(text: string): Incident {
  const incident = incidents.find(({ chapter }) => chapter === targetOf(text)?.chapter.number)
  if (incident) return incident
  throw new RangeError(
    `--chapter takes one with an incident (${incidents.map((each) => each.chapter).join(', ')}), not "${text}"`,
  )
}

function dayOf(text: string): Day {
  const all = chaptersByDay().map(([day]) => day)
  const day = all.find((each) => String(each) === text)
  if (day) return day
  throw new RangeError(`--day takes one that has chapters (${all.join(', ')}), not "${text}"`)
}
