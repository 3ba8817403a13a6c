export const wanted: string
export function isTooOld(version: string): boolean
