import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { move } from '../core/move.ts'
import { Trouble } from '../core/trouble.ts'
import { type Static, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Board, Person } from './board.ts'

const PlaceSchema = Type.Object({
  green: Type.Array(Type.Integer()),
  red: Type.Union([Type.String(), Type.Null()]),
  hints: Type.Integer(),
  changedAt: Type.Number(),
  heardAt: Type.Number(),
})
const KeptSchema = Type.Object({
  /** Null until it has ended: what it was told since the file was written, it does not have, and asks for by a new id. */
  board: Type.Union([Type.String(), Type.Null()]),
  people: Type.Array(
    Type.Object({
      id: Type.String(),
      label: Type.String(),
      heardAt: Type.Number(),
      places: Type.Record(Type.String(), PlaceSchema),
    }),
  ),
})
const validator = Compile(KeptSchema)

/** @throws {Trouble} when the file is there and none of ours: it is somebody's, and will not be written over */
export function readKept(file: string): { id?: string; people: [string, Person][] } | undefined {
  if (!existsSync(file)) return undefined
  const kept = parse(textOf(file))
  if (!kept) throw new Trouble(`${file} is no file of the room's: name another one after --keep.`)
  const people = kept.people.map(({ id, label, heardAt, places }): [string, Person] => [
    id,
    {
      label,
      heardAt,
      places: new Map(Object.entries(places).map(([chapter, it]) => [chapter, { ...it, green: new Set(it.green) }])),
    },
  ])
  return { ...(kept.board !== null && { id: kept.board }), people }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Trouble(`${file} cannot be read: ${(error as Error).message}`)
  }
}

function parse(text: string): Static<typeof KeptSchema> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return validator.Check(value) ? value : undefined
  } catch {
    return undefined
  }
}

/**
 * Writes down all that the board knows, for nobody else's eyes: with an id, one speaks for its laptop.
 *
 * @param hasEnded whether it takes no messages any more
 */
export function writeKept(file: string, { id, people }: Board, hasEnded: boolean): void {
  const kept: Static<typeof KeptSchema> = {
    board: hasEnded ? id : null,
    people: [...people].map(([id, { label, heardAt, places }]) => ({
      id,
      label,
      heardAt,
      places: Object.fromEntries([...places].map(([chapter, it]) => [chapter, { ...it, green: [...it.green] }])),
    })),
  }
  const draft = `${file}.${process.pid}`
  try {
    writeFileSync(draft, JSON.stringify(kept, null, 1), { mode: 0o600 })
    move(draft, file)
  } catch (error) {
    // On a full disk, half of it would take the room that the next attempt needs.
    rmSync(draft, { force: true })
    throw error
  }
}
