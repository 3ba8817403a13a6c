import { existsSync, readFileSync, writeFileSync } from 'node:fs'
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
  board: Type.String(),
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
export function readKept(file: string): { id: string; people: [string, Person][] } | undefined {
  if (!existsSync(file)) return undefined
  const kept = parse(readFileSync(file, 'utf8'))
  if (!kept) throw new Trouble(`${file} is no file of the room's: name another one after --keep.`)
  const people = kept.people.map(({ id, label, heardAt, places }): [string, Person] => [
    id,
    {
      label,
      heardAt,
      places: new Map(Object.entries(places).map(([chapter, it]) => [chapter, { ...it, green: new Set(it.green) }])),
    },
  ])
  return { id: kept.board, people }
}

function parse(text: string): Static<typeof KeptSchema> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return validator.Check(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Writes down all that the board knows, for nobody else's eyes: with an id, one speaks for its laptop. */
export function writeKept(file: string, { id, people }: Board): void {
  const kept: Static<typeof KeptSchema> = {
    board: id,
    people: [...people].map(([id, { label, heardAt, places }]) => ({
      id,
      label,
      heardAt,
      places: Object.fromEntries([...places].map(([chapter, it]) => [chapter, { ...it, green: [...it.green] }])),
    })),
  }
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, JSON.stringify(kept, null, 1), { mode: 0o600 })
  move(draft, file)
}
