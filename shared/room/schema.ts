import { type Static, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { chapters } from '../manifest/chapters.ts'
import { NAME } from './membership.ts'
import { DAY_S, MAX_RED } from './news.ts'

/** More than any chapter has, and few enough for a bad message to be a small one. */
const MAX_STEPS = 30

const nothingElse = { additionalProperties: false }

/** Chapters and steps that this board does not know are another edition's: they are passed over, and no mistake. */
export const ReportSchema = Type.Object(
  {
    chapter: Type.String({ pattern: '^\\d\\d$' }),
    green: Type.Array(Type.Integer({ minimum: 1, maximum: MAX_STEPS }), { maxItems: MAX_STEPS, uniqueItems: true }),
    red: Type.Union([Type.String({ minLength: 1, maxLength: MAX_RED }), Type.Null()]),
    hints: Type.Integer({ minimum: 0, maximum: 999 }),
    quietS: Type.Integer({ minimum: 0, maximum: DAY_S }),
  },
  nothingElse,
)

const MessageSchema = Type.Object(
  {
    board: Type.Union([Type.String({ pattern: '^[\\w-]{8,32}$' }), Type.Null()]),
    name: Type.Optional(Type.String({ maxLength: 100 })),
    chapters: Type.Array(ReportSchema, { maxItems: 2 * chapters.length }),
  },
  nothingElse,
)
export type Heard = Static<typeof MessageSchema>

/** Of a body, in bytes: all chapters at once, told at their longest. */
export const MAX_BYTES = 2 * chapters.length * 600

const validator = Compile(MessageSchema)

/** @throws RangeError that says what is wrong with the message */
export function readMessage(body: unknown): Heard {
  if (!validator.Check(body)) {
    const [error] = validator.Errors(body)
    throw new RangeError(`Not a message for the board: ${error?.instancePath || 'it'} ${error?.message}`)
  }
  if (body.name !== undefined && !NAME.test(body.name))
    throw new RangeError('Not a name: 24 characters that can be seen')
  return body
}
