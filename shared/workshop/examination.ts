/** What the doctor found out. A note can be lived with; what is bad keeps the day from starting. */
export interface Examined {
  state: 'fine' | 'note' | 'bad'
  what: string
  fix?: string
}

export type Examination = () => Examined | Promise<Examined>

export const fine = (what: string): Examined => ({ state: 'fine', what })
export const note = (what: string, fix: string): Examined => ({ state: 'note', what, fix })
export const bad = (what: string, fix: string): Examined => ({ state: 'bad', what, fix })
