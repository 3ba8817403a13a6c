import { table } from '../stage/table.ts'
import { FAULT_KINDS } from '../carriers/faults.ts'
import { reasonsIn, routes } from './answers.ts'
import type { Cell, runScope } from './matrix.ts'

/** All that is wrong, a line each, with where. */
export function complaintsOf({ cells, complaints }: Awaited<ReturnType<typeof runScope>>): string[] {
  const told = cells.flatMap(({ scope, kind, route, complaints }) =>
    complaints.map((complaint) => `${scope}, ${kind}, ${route}: ${complaint}`),
  )
  return [...told, ...complaints]
}

/** Faults down, routes across. */
export function matrixTable(cells: Cell[]): string {
  const rows = FAULT_KINDS.map((kind) => [
    kind,
    ...routes.map((route) => {
      const cell = cells.find((cell) => cell.kind === kind && cell.route === route)
      return cell ? describe(cell) : ''
    }),
  ])
  return table([['', ...routes.map((route) => route.replace('/shipments/:id', '/:id'))], ...rows])
}

/** `504 timeout`; `✗` for what should not be. */
function describe({ answer, complaints }: Cell): string {
  const reasons = answer ? new Set(reasonsIn(answer).map((reason) => reason.split(' ')[1])) : []
  return [complaints.length > 0 ? '✗' : '', answer?.status ?? 'none', ...reasons].filter(Boolean).join(' ')
}
